// Tells what a terminal emulator answers by itself from what somebody typed: nobody types a device report.

/** Device attributes and status, cursor position, mode and window reports; colours (OSC); strings (DCS); focus in and out. */
const report =
  /^(?:\x1b\[[?>=]?[\d;]*\$?[cnRytIO]|\x1b\](?:4|1[0-9]);[^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\)+$/

/** Shift+F3 looks like a cursor report; it is dropped only while a replay is written or somebody else governs. */
export const isOwnAnswer = (data: string): boolean => report.test(data)
