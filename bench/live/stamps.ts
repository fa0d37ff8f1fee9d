// Loaded into the console in front of its own program: writes down when each message was handed to the bus, and what processor time went by.
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import { nowMs } from '../kit/role.ts'

const file = process.env['BENCH_STAMPS'] ?? ''
let lines = ''
subscribe('sindri.bus.publish', (message) => {
  const { topic, value } = message as { topic: string; value: { id?: string; sample?: { at: Date } } }
  lines += `${topic} ${value.sample?.at.toISOString() ?? value.id} ${nowMs()}\n`
})
setInterval(() => {
  const { user, system } = process.cpuUsage()
  appendFileSync(file, `${lines}cpu ${(user + system) / 1000} ${nowMs()}\n`)
  lines = ''
}, 200).unref()
