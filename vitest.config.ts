import { defineConfig } from 'vitest/config';

const include = (name: string): string[] => [`test/${name}/**/*.test.ts`];
const alone = (name: string) => ({
  extends: true as const,
  test: { name, include: include(name), fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 },
});

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    reporters: ['default'],
    projects: [
      { extends: true, test: { name: 'unit', include: include('unit') } },
      { extends: true, test: { name: 'activity', include: include('activity') } },
      ...['workflow', 'replay', 'contract', 'e2e'].map(alone),
    ],
  },
});
