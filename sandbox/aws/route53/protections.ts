import { RRType } from '@aws-sdk/client-route-53';
import { AwsError } from '../errors.ts';
import { isWithin } from './records.ts';

/** Record sets of this name and type may not be made, changed or deleted, whatever their set identifier. */
export interface Protection {
  /** Lower case, with the dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly comment?: string;
}

export interface ProtectedZone {
  /** With the dot at its end. */
  readonly name: string;
  readonly protections: readonly Protection[];
}

/** Why one entry of a request fails. */
export interface ProtectionFailure {
  readonly entry: Protection;
  readonly code: 'InvalidInput' | 'ProtectionAlreadyExists' | 'ProtectionNotFound';
  readonly message: string;
}

/** Nothing of the request was done; it says which entries are to blame. */
export class ProtectionsRefused extends AwsError {
  readonly failures: readonly ProtectionFailure[];

  constructor(failures: readonly ProtectionFailure[], code = 'InvalidResourceRecordSetProtectionBatch') {
    super(code === 'ProtectionAlreadyExists' ? 409 : 400, code, failures.map(({ message }) => message).join(' '));
    this.failures = failures;
  }
}

const LONGEST_COMMENT = 256;
const TYPES = new Set<string>(Object.values(RRType));

type NameAndType = Pick<Protection, 'name' | 'type'>;

export const protectionOf = ({ protections }: ProtectedZone, { name, type }: NameAndType): Protection | undefined =>
  protections.find((protection) => protection.name === name && protection.type === type);

/**
 * All of the new protections or none.
 * @returns the protections of the zone afterwards
 * @throws ProtectionsRefused
 */
export function protect(zone: ProtectedZone, wanted: readonly Protection[]): readonly Protection[] {
  refuseInvalid(zone, wanted);
  const existing = wanted.filter((entry) => protectionOf(zone, entry));
  const failures = existing.map((entry) => failure(entry, 'ProtectionAlreadyExists', 'is protected already'));
  if (failures.length === wanted.length) throw new ProtectionsRefused(failures, 'ProtectionAlreadyExists');
  if (failures.length > 0) throw new ProtectionsRefused(failures);
  return [...zone.protections, ...wanted];
}

/** As `protect`, the other way. */
export function unprotect(zone: ProtectedZone, unwanted: readonly Protection[]): readonly Protection[] {
  refuseInvalid(zone, unwanted);
  const missing = unwanted.filter((entry) => !protectionOf(zone, entry));
  if (missing.length > 0) {
    throw new ProtectionsRefused(missing.map((entry) => failure(entry, 'ProtectionNotFound', 'is not protected')));
  }
  const gone = new Set(unwanted.map((entry) => protectionOf(zone, entry)));
  return zone.protections.filter((protection) => !gone.has(protection));
}

/** Comes first: while entries are invalid, Route 53 tells of no others. */
function refuseInvalid(zone: ProtectedZone, entries: readonly Protection[]): void {
  const failures = entries.flatMap((entry, i) => {
    const why = invalidity(zone, entry, entries.slice(0, i));
    return why === undefined ? [] : [failure(entry, 'InvalidInput', why)];
  });
  if (failures.length > 0) throw new ProtectionsRefused(failures);
}

function invalidity(zone: ProtectedZone, entry: Protection, earlier: readonly Protection[]): string | undefined {
  if (!isWithin(entry.name, zone.name)) return `is not in zone ${zone.name}`;
  if (!TYPES.has(entry.type)) return 'is of a type that cannot be protected';
  if (protectionOf({ ...zone, protections: earlier }, entry)) return 'is in the request more than once';
  return (entry.comment ?? '').length > LONGEST_COMMENT
    ? `has a comment of more than ${LONGEST_COMMENT} characters`
    : undefined;
}

const failure = (entry: Protection, code: ProtectionFailure['code'], why: string): ProtectionFailure => ({
  entry,
  code,
  message: `${entry.type} ${entry.name} ${why}.`,
});
