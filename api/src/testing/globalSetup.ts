// Runs once around a test run: takes away the template database that the services lane made.
import { backend, dropTestTemplates } from './backend.ts'

export const teardown = async (): Promise<void> => {
  if (backend === 'services') await dropTestTemplates()
}
