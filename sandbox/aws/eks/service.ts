import type { ControlPlanes, SandboxSettings } from '../../contracts.ts';
import type { Access } from '../access.ts';
import { iamArn, usernameOf } from '../arns.ts';
import { AwsError } from '../errors.ts';
import type { Answer, Call } from '../http.ts';
import type { Ministack } from '../ministack.ts';
import type { Operation } from '../operations.ts';
import { accessEntryHandlers, groupsOf } from './access-entries.ts';
import { addonCatalogueHandlers } from './addon-catalogue.ts';
import { addonHandlers } from './addons.ts';
import { clusterUpdateHandlers } from './cluster-updates.ts';
import { clusterHandlers } from './clusters.ts';
import { invalidParameter, invalidRequest } from './errors.ts';
import { Lifecycle } from './lifecycle.ts';
import { arnOf } from './lookup.ts';
import type { EksContext, EksRequest, Handlers } from './model.ts';
import { nodeGroupHandlers } from './node-groups.ts';
import { Placement } from './placement.ts';
import { tagHandlers } from './tags.ts';
import { versionHandlers } from './versions.ts';

/** Who a principal is inside a cluster. */
export interface KubernetesIdentity {
  readonly username: string;
  readonly groups: readonly string[];
}

/** EKS, owned outright: clusters are real control planes, node groups their nodes. Nothing of it reaches ministack. */
export class Eks {
  readonly #context: EksContext;
  readonly #access: Access;
  readonly #handlers: Handlers;

  constructor(options: {
    settings: SandboxSettings;
    ministack: Ministack;
    access: Access;
    controlPlanes: () => ControlPlanes;
  }) {
    const { settings, ministack, access, controlPlanes } = options;
    this.#access = access;
    this.#context = {
      account: settings.account,
      region: settings.region,
      clusters: new Map(),
      controlPlanes,
      lifecycle: new Lifecycle(settings.speed),
      placement: new Placement(ministack),
    };
    this.#handlers = {
      ...clusterHandlers(this.#context),
      ...clusterUpdateHandlers(this.#context),
      ...nodeGroupHandlers(this.#context),
      ...addonHandlers(this.#context),
      ...addonCatalogueHandlers,
      ...accessEntryHandlers(this.#context),
      ...tagHandlers(this.#context),
      ...versionHandlers,
    };
  }

  async handle(call: Call, { name, labels }: Operation): Promise<Answer> {
    const caller = await this.#access.authenticate(call);
    const request: EksRequest = { labels, query: call.query, body: parseBody(call), caller };
    if (name === 'Unknown')
      throw new AwsError(404, 'UnknownOperationException', `${call.method} ${call.path} is no operation of EKS`);
    await this.#access.authorize(caller, `eks:${name}`, this.#resourceOf(request));
    const passed = passedRole(name, request.body);
    if (passed !== undefined) await this.#access.authorize(caller, 'iam:PassRole', passed);
    const handler = this.#handlers[name];
    if (!handler) throw invalidRequest(`The sandbox's EKS does not offer ${name}.`);
    const body = Buffer.from(JSON.stringify(await handler(request)));
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }

  /** What the access entry of a caller makes of it in a cluster; undefined without an entry. */
  identityIn(clusterName: string, caller: string): KubernetesIdentity | undefined {
    const entries = this.#context.clusters.get(clusterName)?.accessEntries.values() ?? [];
    for (const entry of entries) {
      if (iamArn(entry.principalArn) !== iamArn(caller)) continue;
      return { username: usernameOf(entry.username, caller), groups: groupsOf(entry) };
    }
    return undefined;
  }

  stop(): void {
    this.#context.lifecycle.stop();
  }

  /** The resource that a policy must allow the action on. */
  #resourceOf({ labels, body }: EksRequest): string {
    const { resourceArn, nodegroupName, addonName, principalArn } = labels;
    if (resourceArn !== undefined) return resourceArn;
    const name = labels['clusterName'] ?? labels['name'] ?? stringMember(body, 'name');
    if (name === undefined) return '*';
    const cluster = this.#context.clusters.get(name);
    const within =
      cluster?.nodeGroups.get(nodegroupName ?? '') ??
      cluster?.addons.get(addonName ?? '') ??
      cluster?.accessEntries.get(principalArn ?? '');
    return within?.arn ?? arnOf(this.#context, 'cluster', name);
  }
}

/** The role that the caller hands to EKS, which needs iam:PassRole. */
function passedRole(operation: string, body: unknown): string | undefined {
  if (operation === 'CreateCluster') return stringMember(body, 'roleArn');
  if (operation === 'CreateNodegroup') return stringMember(body, 'nodeRole');
  return undefined;
}

function stringMember(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value : undefined;
}

function parseBody({ body }: Call): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw invalidParameter('The request body is no JSON');
  }
}
