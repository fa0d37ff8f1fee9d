// Whether the device has a font of a name: text is then as wide on top of one fallback as on top of another.

export const isFontInstalled = (name: string): boolean => {
  const context = document.createElement('canvas').getContext('2d')
  if (!context) return true
  const widthOver = (fallback: string): number => {
    context.font = `64px "${name}", ${fallback}`
    return context.measureText('mmmmiiiillllWWWW').width
  }
  return widthOver('monospace') === widthOver('serif') && widthOver('serif') === widthOver('sans-serif')
}
