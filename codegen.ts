// Typed documents for the two who ask: the web gets parsed documents, the agent plain text that needs no parser at run time.
import type { CodegenConfig } from '@graphql-codegen/cli'
import { textPreset } from './scripts/kit/textPreset.ts'

const config = {
  // As they travel in JSON.
  scalars: { ID: 'string', DateTime: 'string', Bytes: 'string', BigInt: 'number', Figure: 'number', JSON: 'unknown' },
  strictScalars: true,
  enumType: 'string-literal' as const,
  useTypeImports: true,
  importExtension: '.ts' as const,
}

// Live data is folded into what a query answered: masked fragments would stand in the way.
const presetConfig = { fragmentMasking: false }

export default {
  schema: 'schema/schema.graphql',
  ignoreNoDocuments: true,
  generates: {
    'web/src/graph/gql/': {
      documents: 'web/src/**/*.graphql',
      preset: 'client',
      presetConfig,
      config,
    },
    'agent/src/link/gql/': { documents: 'agent/src/**/*.graphql', preset: textPreset, presetConfig, config },
  },
} satisfies CodegenConfig
