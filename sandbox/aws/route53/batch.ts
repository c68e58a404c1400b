import { AwsError } from '../errors.ts';
import { child, childText, childrenOf, parseXml } from '../xml.ts';
import type { XmlElement } from '../xml.ts';
import { canonicalJson, fullName, routingOf } from './records.ts';
import type { Alias, RecordSet } from './records.ts';

export type Action = 'CREATE' | 'DELETE' | 'UPSERT';

export interface Change {
  readonly action: Action;
  readonly set: RecordSet;
}

const LARGEST_WEIGHT = 255;
const LARGEST_TTL = 2_147_483_647;
const LONGEST_SET_IDENTIFIER = 128;
const LONGEST_VALUE = 4_000;

/**
 * Reads the body of ChangeResourceRecordSets.
 * @throws AwsError InvalidInput when a change makes no sense by itself, whatever is in the zone
 */
export function readBatch(body: Buffer): readonly Change[] {
  const batch = child(parse(body), 'ChangeBatch');
  const changes = batch && child(batch, 'Changes');
  if (!changes || changes.children.length === 0) throw invalid('Invalid XML ; expected ChangeBatch with Changes');
  return childrenOf(changes, 'Change').map(readChange);
}

/** @throws AwsError InvalidInput */
export function parse(body: Buffer): XmlElement {
  try {
    return parseXml(body.toString('utf8'));
  } catch (error) {
    throw invalid(`Invalid XML ; ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readChange(element: XmlElement): Change {
  const action = childText(element, 'Action');
  const given = child(element, 'ResourceRecordSet');
  if (action !== 'CREATE' && action !== 'DELETE' && action !== 'UPSERT') {
    throw invalid(`Invalid XML ; Action is '${action}', expected CREATE, DELETE or UPSERT`);
  }
  const name = given && childText(given, 'Name');
  const type = given && childText(given, 'Type');
  if (!name || !type) throw invalid('Invalid XML ; a ResourceRecordSet needs Name and Type');
  const set: RecordSet = { name: fullName(name), type, ...readSet(given) };
  // AWS quotes the change with the name as it was written.
  checkSet(
    set,
    `Change with [Action=${action}, Name=${name}, Type=${type}, SetIdentifier=${set.setIdentifier ?? 'null'}]`,
  );
  return { action, set };
}

function readSet(given: XmlElement): Omit<RecordSet, 'name' | 'type'> {
  const setIdentifier = childText(given, 'SetIdentifier');
  const ttl = childText(given, 'TTL');
  const records = child(given, 'ResourceRecords');
  const healthCheckId = childText(given, 'HealthCheckId');
  const alias = child(given, 'AliasTarget');
  return {
    routing: routingOf((policy) => {
      const element = child(given, policy);
      if (!element || element.children.length === 0) return element?.text;
      return canonicalJson(Object.fromEntries(element.children.map(({ name, text }) => [name, text])));
    }),
    values: (records?.children ?? []).map((record) => childText(record, 'Value') ?? '').toSorted(),
    ...(setIdentifier === undefined ? {} : { setIdentifier }),
    ...(ttl === undefined ? {} : { ttl: wholeNumber('TTL', ttl, LARGEST_TTL) }),
    ...(healthCheckId === undefined ? {} : { healthCheckId }),
    ...(alias ? { alias: readAlias(alias) } : {}),
  };
}

function readAlias(given: XmlElement): Alias {
  const hostedZoneId = childText(given, 'HostedZoneId');
  const dnsName = childText(given, 'DNSName');
  const evaluate = childText(given, 'EvaluateTargetHealth');
  if (!hostedZoneId || !dnsName || evaluate === undefined) {
    throw invalid('Invalid XML ; an AliasTarget needs HostedZoneId, DNSName and EvaluateTargetHealth');
  }
  return { hostedZoneId, dnsName: fullName(dnsName), evaluateTargetHealth: evaluate === 'true' };
}

function checkSet(set: RecordSet, change: string): void {
  checkTarget(set, change);
  const policies = Object.keys(set.routing);
  if (policies.length > 1)
    throw invalid(`Invalid request: Expected at most one of [${policies.join(', ')}] in ${change}`);
  if (policies.length === 1 && !set.setIdentifier)
    throw invalid(`Invalid request: Missing field 'SetIdentifier' in ${change}`);
  if (policies.length === 0 && set.setIdentifier !== undefined) {
    throw invalid(
      `Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, CidrRoutingConfig, GeoProximityLocation], but found none in ${change}`,
    );
  }
  if ((set.setIdentifier ?? '').length > LONGEST_SET_IDENTIFIER) {
    throw invalid(`Invalid request: SetIdentifier is longer than ${LONGEST_SET_IDENTIFIER} characters in ${change}`);
  }
  if (set.routing.Weight !== undefined) wholeNumber('Weight', set.routing.Weight, LARGEST_WEIGHT);
  if (set.values.some((value) => value.length > LONGEST_VALUE)) {
    throw invalid(`Invalid request: a Value is longer than ${LONGEST_VALUE} characters in ${change}`);
  }
}

function checkTarget({ alias, ttl, values }: RecordSet, change: string): void {
  const isWhole = alias ? ttl === undefined && values.length === 0 : ttl !== undefined && values.length > 0;
  if (isWhole) return;
  throw invalid(
    `Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found ${alias ? 'more than one' : 'none'} in ${change}`,
  );
}

function wholeNumber(name: string, text: string, largest: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= largest))
    throw invalid(`Invalid XML ; ${name} is '${text}', expected a whole number from 0 to ${largest}`);
  return value;
}

export const invalid = (message: string): AwsError => new AwsError(400, 'InvalidInput', message);
