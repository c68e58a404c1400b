import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
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
import type { Change } from './propagation.ts';
import { doneAnswer, listAnswer, readProtections, refusalAnswer } from './protection-messages.ts';
import { protect, ProtectionsRefused, unprotect } from './protections.ts';
import { changeAnswer, recordsAnswer } from './record-messages.ts';
import { toDnsRecord } from './records.ts';
import { TokenBucket } from './token-bucket.ts';
import { applyBatch } from './zone-rules.ts';
import type { Zone } from './zone-rules.ts';
import { Zones } from './zones.ts';

/** Per account, since July 2026. AWS's limits are in real time, whatever the sandbox's speed. */
const ACCOUNT_LIMIT = { capacity: 50, perSecond: 10 };
/** So long AWS works on a batch, and refuses another one for the same zone. */
const BATCH_TAKES_MS = 300;
const OF_EVERY_ZONE = new Set(['SOA', 'NS']);

/** Makes ministack's Route 53 as strict and as slow as the real one. */
export class Route53 {
  readonly #ministack: Ministack;
  readonly #access: Access;
  readonly #propagation: Propagation;
  readonly #bucket = new TokenBucket(ACCOUNT_LIMIT);
  readonly #busyZones = new BusyZones();
  readonly #zones: Zones;

  constructor(options: { settings: SandboxSettings; ministack: Ministack; access: Access; onInSync: OnInSync }) {
    this.#ministack = options.ministack;
    this.#access = options.access;
    this.#zones = new Zones(options.ministack.route53);
    this.#propagation = new Propagation({ speed: options.settings.speed, onInSync: options.onInSync });
  }

  async handle(call: Call, { name, labels }: Operation): Promise<Answer> {
    if (!this.#bucket.take()) throw new AwsError(400, 'ThrottlingException', 'Rate exceeded');
    switch (name) {
      case 'ChangeResourceRecordSets':
        return this.#changeRecords(call, labels['HostedZoneId'] ?? '');
      case 'ListResourceRecordSets':
        return this.#listRecords(call, labels['HostedZoneId'] ?? '');
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
        return this.#counted(await this.#pass(call));
    }
  }

  stop(): void {
    this.#propagation.stop();
  }

  async #changeRecords(call: Call, zoneId: string): Promise<Answer> {
    await this.#admit(call, 'ChangeResourceRecordSets', zoneId);
    return this.#busyZones.alone(zoneId, async () => {
      const finished = delay(BATCH_TAKES_MS);
      const records = applyBatch(await this.#zones.get(zoneId), readBatch(call.body));
      const zone = await this.#zones.change(zoneId, { records });
      await finished;
      const id = `C${randomBytes(10).toString('hex').toUpperCase()}`;
      return changeAnswer('ChangeResourceRecordSets', this.#propagate(id, zoneId, zone));
    });
  }

  async #listRecords(call: Call, zoneId: string): Promise<Answer> {
    await this.#admit(call, 'ListResourceRecordSets', zoneId);
    const { records } = await this.#zones.get(zoneId);
    return recordsAnswer(records, call.query);
  }

  async #listProtections(call: Call, zoneId: string): Promise<Answer> {
    await this.#admit(call, 'ListResourceRecordSetProtections', zoneId);
    const { protections } = await this.#zones.get(zoneId);
    return listAnswer(protections, call.query);
  }

  async #changeProtections(call: Call, operation: string, zoneId: string): Promise<Answer> {
    await this.#admit(call, operation, zoneId);
    const change = operation === 'CreateResourceRecordSetProtections' ? protect : unprotect;
    return this.#busyZones.alone(zoneId, async () => {
      const zone = await this.#zones.get(zoneId);
      try {
        await this.#zones.change(zoneId, { protections: change(zone, readProtections(call.body)) });
        return doneAnswer(operation);
      } catch (error) {
        if (error instanceof ProtectionsRefused) return refusalAnswer(call, error);
        throw error;
      }
    });
  }

  async #getChange(call: Call, changeId: string): Promise<Answer> {
    const change = this.#propagation.changeOf(changeId);
    if (!change) return this.#pass(call);
    await this.#authorize(call, 'GetChange', `change/${changeId}`);
    return changeAnswer('GetChange', change);
  }

  async #createZone(call: Call): Promise<Answer> {
    const answer = await this.#pass(call);
    if (answer.status !== 201) return answer;
    const document = parseXml(answer.body.toString('utf8'));
    const [zone, change] = [find(document, 'HostedZone'), find(document, 'ChangeInfo')];
    const zoneId = lastPart(zone && childText(zone, 'Id'));
    this.#propagate(lastPart(change && childText(change, 'Id')), zoneId, await this.#zones.get(zoneId));
    return answer;
  }

  /** ministack sees none of the records that were added, so what must not be deleted is known here only. */
  async #deleteZone(call: Call, zoneId: string): Promise<Answer> {
    await this.#admit(call, 'DeleteHostedZone', zoneId);
    return this.#busyZones.alone(zoneId, async () => {
      const { name, records, protections } = await this.#zones.get(zoneId);
      const others = records.filter((set) => set.name !== name || !OF_EVERY_ZONE.has(set.type));
      if (others.length > 0) throw notEmpty('resource record sets other than the default SOA and NS records');
      if (protections.length > 0) throw notEmpty('resource record set protections and so cannot be deleted');
      this.#zones.forget(zoneId);
      return this.#pass(call);
    });
  }

  #propagate(changeId: string, id: string, { name, records }: Zone): Change {
    return this.#propagation.start(changeId, { id, name, records: records.map(toDnsRecord) });
  }

  /** ministack counts the first records of each zone only. */
  #counted(answer: Answer): Answer {
    const body = answer.body
      .toString('utf8')
      .replaceAll(
        /(<Id>\/hostedzone\/(\w+)<\/Id>(?:(?!<\/HostedZone>)[\s\S])*<ResourceRecordSetCount>)(\d+)/g,
        (_, before: string, id: string, count: string) => before + (this.#zones.known(id)?.records.length ?? count),
      );
    return { ...answer, body: Buffer.from(body) };
  }

  #admit(call: Call, operation: string, zoneId: string): Promise<void> {
    return this.#authorize(call, operation, `hostedzone/${zoneId}`);
  }

  /** Who calls, and whether that is allowed; for what ministack does not check itself or not soon enough. */
  async #authorize(call: Call, operation: string, resource: string): Promise<void> {
    const caller = await this.#access.authenticate(call);
    await this.#access.authorize(caller, `route53:${operation}`, `arn:aws:route53:::${resource}`);
  }

  #pass(call: Call): Promise<Answer> {
    return forward(call, this.#ministack.url);
  }
}

const notEmpty = (what: string): AwsError =>
  new AwsError(400, 'HostedZoneNotEmpty', `The specified hosted zone contains ${what}.`);

/** `/change/C123` → `C123` */
const lastPart = (id = ''): string => id.slice(id.lastIndexOf('/') + 1);
