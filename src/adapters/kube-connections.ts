// Connections to the API servers of EKS clusters, as the worker's own AWS identity.
import {
  createConfiguration,
  KubeConfig,
  ServerConfiguration,
  type ApiConstructor,
  type ApiType,
  type RequestContext,
  type SecurityAuthentication,
} from '@kubernetes/client-node';
import type { Aws } from './aws.ts';
import type { Clock } from './clock.ts';
import { eksToken } from './eks-token.ts';
import { KubeError, toKubeError } from './kube-error.ts';

export interface ClusterAddress {
  readonly region: string;
  readonly cluster: string;
}

/** Makes a typed API of client-node for one cluster. */
export type MakeApi = <T extends ApiType>(constructor: ApiConstructor<T>) => T;

export interface KubeConnections {
  /** Runs requests against a cluster. What its API server refuses, or does not answer, is a KubeError. */
  use<T>(at: ClusterAddress, run: (api: MakeApi) => Promise<T>): Promise<T>;
}

/** EKS may change the endpoint's certificate authority at any time. */
const ENDPOINT_LIFE_MS = 60_000;
/** Of the 15 minutes that a token is taken. */
const TOKEN_LIFE_MS = 10 * 60_000;
const REQUEST_TIMEOUT_MS = 10_000;

const keyOf = ({ region, cluster }: ClusterAddress): string => `${region}/${cluster}`;

export function createKubeConnections(aws: Aws, clock: Clock): KubeConnections {
  const tokens = keep(clock, TOKEN_LIFE_MS, keyOf, async ({ region, cluster }) =>
    eksToken({ region, cluster, credentials: await aws(region).credentials() }),
  );

  const apis = keep(clock, ENDPOINT_LIFE_MS, keyOf, async (at) => {
    const described = await aws(at.region).eks.findCluster(at.cluster);
    if (!described) throw new KubeError(at.cluster, null, 'EKS has no cluster of this name');
    const { endpoint, caData, status } = described;
    if (endpoint === null || caData === null) throw new KubeError(at.cluster, null, `has no endpoint (${status})`);
    return apiMaker({ endpoint, caData, token: () => tokens.get(at) });
  });

  return {
    async use(at, run) {
      // Outside of the try: what AWS says to these is no failure of the cluster's API server.
      const [api] = await Promise.all([apis.get(at), tokens.get(at)]);
      try {
        return await run(api);
      } catch (error) {
        const failure = toKubeError(at.cluster, error);
        // No answer, or not let in: what we know of the endpoint, or the token, may be of before.
        if (failure.status === null || failure.status === 401) {
          apis.drop(at);
          tokens.drop(at);
        }
        throw failure;
      }
    },
  };
}

interface Kept<Key, Value> {
  get(key: Key): Promise<Value>;
  drop(key: Key): void;
}

/** Remembers what was made for a key for so long. What failed is not remembered. */
function keep<Key, Value>(
  clock: Clock,
  lifeMs: number,
  textOf: (key: Key) => string,
  make: (key: Key) => Promise<Value>,
): Kept<Key, Value> {
  const kept = new Map<string, { readonly value: Promise<Value>; readonly until: number }>();
  return {
    get(key) {
      const text = textOf(key);
      const known = kept.get(text);
      if (known && known.until > clock.now()) return known.value;
      const made = { value: make(key), until: clock.now() + lifeMs };
      kept.set(text, made);
      made.value.catch(() => {
        if (kept.get(text) === made) kept.delete(text);
      });
      return made.value;
    },
    drop: (key) => void kept.delete(textOf(key)),
  };
}

interface Endpoint {
  readonly endpoint: string;
  readonly caData: string;
  readonly token: () => Promise<string>;
}

function apiMaker(at: Endpoint): MakeApi {
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(at.endpoint, {}),
    authMethods: { default: authentication(at) },
  });
  return (constructor) => new constructor(configuration);
}

/** Gives every request a token that still holds, a time limit, and the TLS connections of the requests before. */
function authentication({ endpoint, caData, token }: Endpoint): SecurityAuthentication {
  const name = 'eks';
  const tls = new KubeConfig();
  tls.loadFromClusterAndUser({ name, server: endpoint, caData, skipTLSVerify: false }, { name });
  let dispatcher: ReturnType<RequestContext['getDispatcher']>;
  return {
    getName: () => name,
    async applySecurityAuthentication(request) {
      if (dispatcher) request.setDispatcher(dispatcher);
      else await tls.applySecurityAuthentication(request);
      dispatcher = request.getDispatcher();
      request.setHeaderParam('Authorization', `Bearer ${await token()}`);
      request.setSignal(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    },
  };
}
