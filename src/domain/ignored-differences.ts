/** A difference between Git and the cluster that Argo CD is told to leave alone, as its Application says it. */
export interface IgnoredDifference {
  readonly group: string;
  readonly kind: string;
  readonly name: string | null;
  readonly namespace: string | null;
  readonly jsonPointers: readonly string[];
  readonly jqPathExpressions: readonly string[];
  /** Whatever these have set, by their names to API servers. */
  readonly managedFieldsManagers: readonly string[];
}

/** A field of an object, such as `/spec/replicas`. */
export interface Field {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

/** Whether Argo CD sees no difference in the field, whatever is in the cluster. */
export function leavesAlone(ignored: IgnoredDifference, { group, kind, namespace, name, path }: Field): boolean {
  return (
    matches(ignored.group, group) &&
    matches(ignored.kind, kind) &&
    matches(ignored.name, name) &&
    matches(ignored.namespace, namespace) &&
    (ignored.jsonPointers.includes(path) || ignored.jqPathExpressions.includes(path.replaceAll('/', '.')))
  );
}

const matches = (wanted: string | null, is: string): boolean => wanted === null || wanted === '*' || wanted === is;
