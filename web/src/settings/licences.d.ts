// What web/licences.ts finds at build time.
declare module 'virtual:licences' {
  const found: {
    /** Of the product itself. */
    own: string
    packages: { name: string; version: string; licence: string; text: number | null }[]
    texts: string[]
  }
  export default found
}
