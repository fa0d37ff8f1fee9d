// Whether this is a device of Apple's, whose shortcuts have Cmd where others have Ctrl.

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
