import { fileURLToPath } from 'node:url';
import {
  DefaultLogger,
  bundleWorkflowCode,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import * as workflows from '../../workflows/index.ts';
import { pathOf, problemsOf, readFiles, readHistory, readManifest, type Entry } from './stored.ts';

// A history that cannot be replayed is told by the test; the same again in the log would only hide it.
Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });

const TYPES = Object.keys(workflows);
const manifest = readManifest();
const files = readFiles();

type Stored = ReturnType<typeof readHistory>;

describe('the set of stored histories', () => {
  it('covers every workflow type, and every file is the one that was recorded', () => {
    expect(problemsOf(manifest, files, TYPES)).toEqual([]);
  });

  const [first] = manifest.histories;
  const { type = '' } = first ?? {};
  const without = (gone: (entry: Entry) => boolean) => ({
    histories: manifest.histories.filter((entry) => !gone(entry)),
  });

  it.each([
    { what: 'is empty', given: { histories: [] }, there: [], problem: 'there is no history' },
    {
      what: 'lacks a type',
      given: without((entry) => entry.type === type),
      there: files.filter(({ path }) => !path.startsWith(`${type}/`)),
      problem: `workflow type ${type} has no history`,
    },
    {
      what: 'has only closed runs',
      given: without(({ state }) => state === 'open'),
      there: files,
      problem: 'fewer than two histories are open',
    },
    {
      what: 'holds a file that nobody listed',
      given: manifest,
      there: [...files, { path: 'zone/mine.json', sha256: '0' }],
      problem: 'zone/mine.json is not in the manifest',
    },
    { what: 'lost a file', given: manifest, there: files.slice(1), problem: `${files[0]?.path ?? ''} is missing` },
    {
      what: 'was edited',
      given: manifest,
      there: files.map(({ path }) => ({ path, sha256: '0' })),
      problem: `${files[0]?.path ?? ''} is not as it was recorded`,
    },
    {
      what: 'holds a type that was renamed',
      given: { histories: manifest.histories.map((entry) => Object.assign({}, entry, { type: 'upgrade2' })) },
      there: files,
      problem: 'is of no workflow type',
    },
  ])('is refused when it $what', ({ given, there, problem }) => {
    expect(problemsOf(given, there, TYPES).join('\n')).toContain(problem);
  });
});

describe('replay', () => {
  let workflowBundle: WorkflowBundleWithSourceMap;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    });
  });

  const replay = async ({ workflowId }: Entry, history: Stored): Promise<unknown> => {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, [{ workflowId, history }]))
      return error;
    return new Error('nothing was replayed');
  };

  it.each(manifest.histories.map((entry) => ({ name: pathOf(entry), entry })))(
    'today’s code takes the decisions of $name again',
    async ({ entry }) => {
      expect(await replay(entry, readHistory(entry))).toBeUndefined();
    },
  );

  /** As if the workflow of then had called another activity first. */
  function alter(history: Stored): Stored {
    const altered = structuredClone(history);
    const scheduled = altered.events.find(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
    const attributes = scheduled?.['activityTaskScheduledEventAttributes'] as { activityType: { name: string } };
    attributes.activityType.name = 'deleteEverything';
    return altered;
  }

  it.each(TYPES)('notices when %s would decide otherwise than it did', async (type) => {
    const entry = manifest.histories.find((one) => one.type === type)!;
    expect(await replay(entry, alter(readHistory(entry)))).toBeInstanceOf(DeterminismViolationError);
  });
});
