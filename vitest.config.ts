import { defineConfig } from 'vitest/config';

const include = (name: string): string[] => [`test/${name}/**/*.test.ts`];
/** Tests on real parts, one kind after the other: at most `files` of them at a time on two cores. */
const onRealParts = (name: string, { order, files }: { order: number; files: number }) => ({
  extends: true as const,
  test: {
    name,
    include: include(name),
    maxWorkers: files,
    fileParallelism: files > 1,
    sequence: { groupOrder: order },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    reporters: ['default'],
    projects: [
      { extends: true, test: { name: 'unit', include: include('unit') } },
      { extends: true, test: { name: 'activity', include: include('activity') } },
      onRealParts('replay', { order: 1, files: 1 }),
      onRealParts('workflow', { order: 2, files: 2 }),
      onRealParts('contract', { order: 3, files: 3 }),
      // A rehearsal has both cores for itself: it measures that no request is lost.
      onRealParts('e2e', { order: 4, files: 1 }),
    ],
  },
});
