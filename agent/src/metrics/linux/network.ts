// /proc/net/dev as counters, without interfaces that only relay what another one counts.
import type { NetworkReading } from '../reading.ts'

export function parseNetDev(text: string): NetworkReading[] {
  const interfaces: NetworkReading[] = []
  for (const line of text.split('\n').slice(2)) {
    // The first figure may touch the colon, and an alias such as "eth0:1" holds a colon itself.
    const [, name, figures = ''] = /^\s*(\S+):\s*(\d.*)$/.exec(line) ?? []
    const [rxBytes, rxPackets, , , , , , , txBytes, txPackets] = figures.trim().split(/\s+/).map(Number)
    if (!name || rxBytes === undefined || rxPackets === undefined || txBytes === undefined || txPackets === undefined)
      continue
    interfaces.push({ name, rxBytes, txBytes, rxPackets, txPackets })
  }
  return interfaces
}

/**
 * Bridges, their virtual ports, what stands on other interfaces (bonds, VLANs, macvlans) and the kernel's helper devices
 * see bytes a second time, which would make sums wrong.
 * Loopback stays: it is known by its name and left out of sums.
 */
export function isRelay(
  name: string,
  {
    isBridge,
    isPort,
    isUpper,
    isPhysical,
  }: { isBridge: boolean; isPort: boolean; isUpper: boolean; isPhysical: boolean },
): boolean {
  if (isPhysical) return false
  return (
    isBridge ||
    isPort ||
    isUpper ||
    /^(ifb|dummy|gretap|erspan|sit|ip6tnl|tunl|gre|ip_vti|ip6_vti|ip6gre|teql)\d+$/.test(name)
  )
}
