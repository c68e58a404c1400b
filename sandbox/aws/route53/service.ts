import { GetHostedZoneCommand, ListResourceRecordSetsCommand, NoSuchHostedZone } from '@aws-sdk/client-route-53';
import { setTimeout as delay } from 'node:timers/promises';
import type { ListResourceRecordSetsResponse, Route53Client } from '@aws-sdk/client-route-53';
import type { OnInSync, SandboxSettings } from '../../contracts.ts';
import type { Access } from '../access.ts';
import { AwsError } from '../errors.ts';
import { forward } from '../http.ts';
import type { Answer, Call } from '../http.ts';
import type { Ministack } from '../ministack.ts';
import type { Operation } from '../operations.ts';
import { childText, find, parseXml } from '../xml.ts';
import { readBatch } from './batch.ts';
import { BusyZones } from './busy-zones.ts';
import { Propagation } from './propagation.ts';
import { doneAnswer, listAnswer, readProtections, refusalAnswer } from './protection-messages.ts';
import { protect, ProtectionsRefused, unprotect } from './protections.ts';
import type { Protection } from './protections.ts';
import { fromSdk, fullName, listedName, toDnsRecord } from './records.ts';
import type { RecordSet } from './records.ts';
import { TokenBucket } from './token-bucket.ts';
import { applyBatch } from './zone-rules.ts';
import type { Zone } from './zone-rules.ts';

/** Per account, since July 2026. AWS's limits are in real time, whatever the sandbox's speed. */
const ACCOUNT_LIMIT = { capacity: 50, perSecond: 10 };
/** So long AWS works on a batch, and refuses another one for the same zone. */
const BATCH_TAKES_MS = 300;

/** Makes ministack's Route 53 as strict and as slow as the real one. */
export class Route53 {
  readonly #ministack: Ministack;
  readonly #access: Access;
  readonly #propagation: Propagation;
  readonly #bucket = new TokenBucket(ACCOUNT_LIMIT);
  readonly #busyZones = new BusyZones();
  /** By zone. ministack knows nothing of them. */
  readonly #protections = new Map<string, readonly Protection[]>();

  constructor(options: { settings: SandboxSettings; ministack: Ministack; access: Access; onInSync: OnInSync }) {
    this.#ministack = options.ministack;
    this.#access = options.access;
    this.#propagation = new Propagation({ speed: options.settings.speed, onInSync: options.onInSync });
  }

  async handle(call: Call, { name, labels }: Operation): Promise<Answer> {
    if (!this.#bucket.take()) throw new AwsError(400, 'ThrottlingException', 'Rate exceeded');
    switch (name) {
      case 'ChangeResourceRecordSets':
        return this.#changeRecords(call, labels['HostedZoneId'] ?? '');
      case 'ListResourceRecordSets':
        return this.#listRecords(call);
      case 'ListResourceRecordSetProtections':
        return this.#listProtections(call, labels['HostedZoneId'] ?? '');
      case 'CreateResourceRecordSetProtections':
      case 'DeleteResourceRecordSetProtections':
        return this.#changeProtections(call, name, labels['HostedZoneId'] ?? '');
      case 'GetChange':
        return this.#getChange(call, labels['Id'] ?? '');
      case 'CreateHostedZone':
        return this.#createZone(call);
      case 'DeleteHostedZone':
        return this.#deleteZone(call, labels['Id'] ?? '');
      default:
        return this.#pass(call);
    }
  }

  stop(): void {
    this.#propagation.stop();
  }

  /** ministack knows no rules between record sets, so a batch is tried here first; it applies it and checks the rights. */
  async #changeRecords(call: Call, zoneId: string): Promise<Answer> {
    await this.#access.authenticate(call);
    return this.#busyZones.alone(zoneId, async () => {
      const zone = await this.#zone(zoneId);
      applyBatch(zone, readBatch(call.body));
      const [answer] = await Promise.all([this.#pass(call), delay(BATCH_TAKES_MS)]);
      await this.#propagate(zoneId, answer);
      return answer;
    });
  }

  /** Where the next page starts stays as ministack wrote it: it would not find an escaped name. */
  async #listRecords(call: Call): Promise<Answer> {
    const answer = await this.#pass(call);
    const body = answer.body.toString('utf8').replaceAll(/<Name>[^<]*<\/Name>/g, listedName);
    return { ...answer, body: Buffer.from(body) };
  }

  async #listProtections(call: Call, zoneId: string): Promise<Answer> {
    await this.#admit(call, 'ListResourceRecordSetProtections', zoneId);
    const { protections } = await this.#zone(zoneId);
    return listAnswer(protections, call.query);
  }

  async #changeProtections(call: Call, operation: string, zoneId: string): Promise<Answer> {
    await this.#admit(call, operation, zoneId);
    const change = operation === 'CreateResourceRecordSetProtections' ? protect : unprotect;
    return this.#busyZones.alone(zoneId, async () => {
      const zone = await this.#zone(zoneId);
      try {
        this.#protections.set(zoneId, change(zone, readProtections(call.body)));
        return doneAnswer(operation);
      } catch (error) {
        if (error instanceof ProtectionsRefused) return refusalAnswer(call, error);
        throw error;
      }
    });
  }

  async #getChange(call: Call, changeId: string): Promise<Answer> {
    const answer = await this.#pass(call);
    const status = this.#propagation.statusOf(changeId);
    if (answer.status !== 200 || status === undefined) return answer;
    const body = answer.body.toString('utf8').replace(/<Status>\w+<\/Status>/, `<Status>${status}</Status>`);
    return { ...answer, body: Buffer.from(body) };
  }

  async #createZone(call: Call): Promise<Answer> {
    const answer = await this.#pass(call);
    if (answer.status !== 201) return answer;
    const zone = find(parseXml(answer.body.toString('utf8')), 'HostedZone');
    await this.#propagate(lastPart(zone && childText(zone, 'Id')), answer);
    return answer;
  }

  async #deleteZone(call: Call, zoneId: string): Promise<Answer> {
    await this.#admit(call, 'DeleteHostedZone', zoneId);
    return this.#busyZones.alone(zoneId, async () => {
      if (this.#protectionsOf(zoneId).length === 0) return this.#pass(call);
      throw new AwsError(
        400,
        'HostedZoneNotEmpty',
        'The specified hosted zone contains resource record set protections and so cannot be deleted.',
      );
    });
  }

  async #propagate(zoneId: string, answer: Answer): Promise<void> {
    if (answer.status >= 300) return;
    const change = find(parseXml(answer.body.toString('utf8')), 'ChangeInfo');
    const { name, records } = await this.#zone(zoneId);
    this.#propagation.start(lastPart(change && childText(change, 'Id')), {
      id: zoneId,
      name,
      records: records.map(toDnsRecord),
    });
  }

  async #zone(id: string): Promise<Zone> {
    const { route53 } = this.#ministack;
    try {
      const { HostedZone: zone } = await route53.send(new GetHostedZoneCommand({ Id: id }));
      return {
        name: fullName(zone?.Name ?? ''),
        records: await recordsOf(route53, id),
        protections: this.#protectionsOf(id),
      };
    } catch (error) {
      if (error instanceof NoSuchHostedZone) throw new AwsError(404, 'NoSuchHostedZone', error.message);
      throw error;
    }
  }

  #protectionsOf(zoneId: string): readonly Protection[] {
    return this.#protections.get(zoneId) ?? [];
  }

  /** Who calls, and whether that is allowed; for what ministack does not check itself or not soon enough. */
  async #admit(call: Call, operation: string, zoneId: string): Promise<void> {
    const caller = await this.#access.authenticate(call);
    await this.#access.authorize(caller, `route53:${operation}`, `arn:aws:route53:::hostedzone/${zoneId}`);
  }

  #pass(call: Call): Promise<Answer> {
    return forward(call, this.#ministack.url);
  }
}

/** `/change/C123` → `C123` */
const lastPart = (id = ''): string => id.slice(id.lastIndexOf('/') + 1);

async function recordsOf(client: Route53Client, zoneId: string): Promise<readonly RecordSet[]> {
  const records: RecordSet[] = [];
  let page: ListResourceRecordSetsResponse | undefined;
  do {
    page = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: page?.NextRecordName,
        StartRecordType: page?.NextRecordType,
        StartRecordIdentifier: page?.NextRecordIdentifier,
      }),
    );
    records.push(...(page.ResourceRecordSets ?? []).map(fromSdk));
  } while (page.IsTruncated);
  return records;
}
