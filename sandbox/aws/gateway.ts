import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsCall, AwsGateway, ControlPlanes, OnInSync, SandboxSettings, TargetHealthOf } from '../contracts.ts';
import type { Processes } from '../process/processes.ts';
import { Access } from './access.ts';
import { Eks } from './eks/service.ts';
import { AwsError, errorAnswer, errorCodeOf } from './errors.ts';
import { faultError, Faults } from './faults.ts';
import { forward, listen, readCall } from './http.ts';
import type { Answer, Call } from './http.ts';
import { startMinistack } from './ministack.ts';
import type { Ministack } from './ministack.ts';
import { operationOf } from './operations.ts';
import type { Operation } from './operations.ts';
import { Route53 } from './route53/service.ts';
import { signatureOf } from './sigv4.ts';
import { trueTargetHealth } from './target-health.ts';
import { startTokenWebhook } from './token-webhook.ts';

export interface GatewayOptions {
  readonly settings: SandboxSettings;
  readonly processes: Processes;
  /** Asked when EKS needs them first: they need our token webhook to be there. */
  readonly controlPlanes: () => ControlPlanes;
  readonly onInSync: OnInSync;
  /** Of the load balancers that run, once they do. */
  readonly targetHealth?: TargetHealthOf;
}

/** Starts ministack and, in front of it, everything that makes it behave like AWS. All of it listens on loopback. */
export async function startAwsGateway(options: GatewayOptions): Promise<AwsGateway & { readonly faults: Faults }> {
  const ministack = await startMinistack(options);
  const access = new Access(ministack);
  const eks = new Eks({ ...options, ministack, access });
  const route53 = new Route53({ ...options, ministack, access });
  const gateway = new Gateway({ ministack, access, eks, route53, targetHealth: options.targetHealth });
  const webhook = await startTokenWebhook({ sts: ministack.url, eks });
  const listener = await listen((request, response) => gateway.serve(request, response));
  return {
    url: listener.url,
    calls: gateway.calls,
    faults: gateway.faults,
    rootKey: ministack.rootKey,
    tokenWebhookUrl: (cluster) => `${webhook.url}/authenticate/${cluster}`,
    createPrincipal: (name, policy) => createPrincipal({ ministack, access, name, policy }),
    stop: async () => {
      eks.stop();
      route53.stop();
      await Promise.all([listener.stop(), webhook.stop()]);
      await ministack.stop();
    },
  };
}

class Gateway {
  readonly faults = new Faults();
  readonly calls: AwsCall[] = [];
  readonly #ministack: Ministack;
  readonly #access: Access;
  readonly #eks: Eks;
  readonly #route53: Route53;
  readonly #targetHealth: TargetHealthOf | undefined;

  constructor(parts: {
    ministack: Ministack;
    access: Access;
    eks: Eks;
    route53: Route53;
    targetHealth: TargetHealthOf | undefined;
  }) {
    this.#ministack = parts.ministack;
    this.#access = parts.access;
    this.#eks = parts.eks;
    this.#route53 = parts.route53;
    this.#targetHealth = parts.targetHealth;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new Date().toISOString();
    const call = await readCall(request);
    const signature = signatureOf(call);
    const service = signature?.service ?? 'unsigned';
    const operation = operationOf(service, call);
    const met = this.faults.take(service, operation.name);
    const record = (status: number, error: string | undefined): void => {
      const principal = signature?.accessKeyId ?? '';
      this.calls.push({
        at,
        service,
        operation: operation.name,
        status,
        principal,
        ...(error === undefined ? {} : { error }),
      });
    };
    if (met === 'reset') {
      record(0, 'InjectedReset');
      request.socket.destroy();
      return;
    }
    const answer = await this.#answer(call, service, () => {
      if (met === 'throttle' || met === '5xx') throw faultError(service, met);
      return this.#route(call, service, operation);
    });
    record(answer.status, met === 'timeout' ? 'InjectedTimeout' : errorCodeOf(answer));
    // The caller of an injected time-out waits until it gives up.
    if (met !== 'timeout') response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #answer(call: Call, service: string, work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      const internal = (): AwsError => new AwsError(500, 'ServerException', `sandbox: ${String(error)}`);
      return errorAnswer(service, call, error instanceof AwsError ? error : internal());
    }
  }

  async #route(call: Call, service: string, operation: Operation): Promise<Answer> {
    this.#access.screen(call);
    switch (service) {
      case 'eks':
        return this.#eks.handle(call, operation);
      case 'route53':
        return this.#route53.handle(call, operation);
      default: {
        const answer = await forward(call, this.#ministack.url);
        this.#access.learn(service, answer);
        return operation.name === 'DescribeTargetHealth' ? trueTargetHealth(call, answer, this.#targetHealth) : answer;
      }
    }
  }
}

async function createPrincipal(options: {
  ministack: Ministack;
  access: Access;
  name: string;
  policy: object;
}): Promise<Awaited<ReturnType<AwsGateway['createPrincipal']>>> {
  const { ministack, access, name, policy } = options;
  const { User: user } = await ministack.iam.send(new CreateUserCommand({ UserName: name }));
  await ministack.iam.send(
    new PutUserPolicyCommand({ UserName: name, PolicyName: name, PolicyDocument: JSON.stringify(policy) }),
  );
  const { AccessKey: made } = await ministack.iam.send(new CreateAccessKeyCommand({ UserName: name }));
  if (!user?.Arn || !made?.AccessKeyId || !made.SecretAccessKey) {
    throw new Error(`ministack made IAM user ${name} without an ARN or an access key`);
  }
  const key = { accessKeyId: made.AccessKeyId, secretAccessKey: made.SecretAccessKey };
  access.remember(key);
  return { arn: user.Arn, key };
}
