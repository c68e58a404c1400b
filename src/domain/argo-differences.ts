/** Whether Argo CD leaves an annotation of an Ingress as somebody else set it. Pure. */

import { leavesAlone, type IgnoredDifference } from './ignored-differences.ts';

export interface ArgoPolicy {
  readonly name: string;
  readonly selfHeals: boolean;
  readonly ignored: readonly IgnoredDifference[];
  /** Whether a sync leaves alone what is ignored: option `RespectIgnoreDifferences=true`. */
  readonly respectsIgnored: boolean;
}

/** Who we are to API servers, and to Argo CD. */
export const FIELD_MANAGER = 'eksodus';

const pointerTo = (annotation: string): string =>
  `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`;

export function leavesAnnotation(
  { ignored, respectsIgnored }: ArgoPolicy,
  annotation: string,
  ingress: { readonly namespace: string; readonly name: string },
): boolean {
  if (!respectsIgnored) return false;
  const object = { group: 'networking.k8s.io', kind: 'Ingress', ...ingress };
  const paths = [pointerTo(annotation), '/metadata/annotations'];
  const inJq = new Set([`.metadata.annotations["${annotation}"]`, `.metadata.annotations."${annotation}"`]);
  return ignored.some((one) => {
    // By the paths that are the annotation's in jq, and by who sets it, as if the one pointer stood there.
    const isMeant =
      one.managedFieldsManagers.includes(FIELD_MANAGER) ||
      one.jqPathExpressions.some((path) => inJq.has(path.replaceAll(/\s/g, '')));
    const difference = isMeant ? { ...one, jsonPointers: paths } : one;
    return paths.some((path) => leavesAlone(difference, { ...object, path }));
  });
}

/** What to add to the Application, as YAML on one line. */
export const ignoreSnippet = (annotation: string): string =>
  `spec: {ignoreDifferences: [{group: networking.k8s.io, kind: Ingress, jsonPointers: ["${pointerTo(annotation)}"]}], ` +
  'syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}';
