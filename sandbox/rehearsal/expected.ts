// What the world that the sandbox made demands of an upgrade. Nothing here is known from the product.
import { parse } from 'yaml';
import { z } from 'zod';
import { PHASES } from '../../src/domain/status.ts';
import { DEVELOPERS_APPS, PLATFORM_APPS } from '../gitops/catalog.ts';

export interface Expected {
  /** In the order in which they are walked. */
  readonly phases: readonly string[];
  /** The apps whose traffic moves, each with the shares of green that it must walk. */
  readonly apps: readonly { readonly app: string; readonly steps: readonly number[] }[];
  /** What Argo CD must have in a cluster that serves: the platform's and the developers'. */
  readonly applications: readonly string[];
}

const steps = z.array(z.object({ green: z.int() })).min(1);
const environmentFile = z.object({
  apps: z.array(z.object({ name: z.string(), hosts: z.array(z.string()).default([]), steps: steps.optional() })).min(1),
  steps,
});

/** Throws when the text is no environment file with apps and steps. */
export function expectedOf(environmentFileText: string): Expected {
  const environment = environmentFile.parse(parse(environmentFileText));
  return {
    phases: PHASES,
    apps: environment.apps
      .filter(({ hosts }) => hosts.length > 0)
      .map(({ name, steps: own = environment.steps }) => ({ app: name, steps: own.map(({ green }) => green) })),
    applications: [...new Set([...PLATFORM_APPS, ...DEVELOPERS_APPS, ...environment.apps].map(({ name }) => name))],
  };
}
