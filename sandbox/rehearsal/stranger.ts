// Somebody else with rights in the account: what the product must live with. Uses the account's root key.
import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type Change,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { given } from '../given.ts';
import type { Sandbox } from '../sandbox.ts';

export type Weights = Readonly<Record<string, number>>;

export class Stranger {
  readonly #route53: Route53Client;
  #zoneId: string | undefined;

  /** `tries`: how often a refused request is sent. */
  constructor({ gateway, settings }: Pick<Sandbox, 'gateway' | 'settings'>, tries: number) {
    const { region } = settings;
    this.#route53 = new Route53Client({
      endpoint: gateway.url,
      region,
      credentials: gateway.rootKey,
      maxAttempts: tries,
    });
  }

  async records(): Promise<ResourceRecordSet[]> {
    const request = new ListResourceRecordSetsCommand({ HostedZoneId: await this.#id(), MaxItems: 300 });
    return (await this.#route53.send(request)).ResourceRecordSets ?? [];
  }

  /** Gives the weighted records of a name, A and AAAA, other weights. */
  async weigh(host: string, weights: Weights): Promise<void> {
    const there = (await this.records()).filter(({ Name, SetIdentifier }) => Name === `${host}.` && SetIdentifier);
    await this.change(
      there.map((set) => ({
        Action: 'UPSERT',
        ResourceRecordSet: { ...set, Weight: weights[set.SetIdentifier ?? ''] ?? set.Weight },
      })),
    );
  }

  async change(changes: Change[]): Promise<void> {
    const request = { HostedZoneId: await this.#id(), ChangeBatch: { Changes: changes } };
    await this.#route53.send(new ChangeResourceRecordSetsCommand(request));
  }

  async #id(): Promise<string> {
    if (this.#zoneId === undefined) {
      const { HostedZones } = await this.#route53.send(new ListHostedZonesCommand({}));
      this.#zoneId = given(HostedZones?.[0]?.Id, 'hosted zone').replace('/hostedzone/', '');
    }
    return this.#zoneId;
  }
}

/** Of the A records of a name, by set identifier. */
export const weightsOf = (records: readonly ResourceRecordSet[], host: string): Weights =>
  Object.fromEntries(
    records
      .filter(({ Name, Type }) => Name === `${host}.` && Type === 'A')
      .map(({ SetIdentifier = '', Weight = 0 }) => [SetIdentifier, Weight]),
  );
