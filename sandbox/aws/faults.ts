import { AwsError } from './errors.ts';

/**
 * `throttle` and `5xx` refuse the call, `reset` cuts the connection before anything is done; `timeout` does what was
 * asked and never answers, which is what a caller cannot tell from the others.
 */
export type FaultKind = 'throttle' | '5xx' | 'timeout' | 'reset';

export interface Fault {
  /** Signing name, such as `eks`. */
  readonly service: string;
  readonly operation: string;
  /** So many calls meet it. */
  readonly times: number;
  readonly kind: FaultKind;
}

/** Faults that wait for their calls. */
export class Faults {
  readonly #waiting: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times });
  }

  /** The fault that meets this call, if any; it counts as met. */
  take(service: string, operation: string): FaultKind | undefined {
    const met = this.#waiting.find(
      ({ fault, left }) => left > 0 && fault.service === service && fault.operation === operation,
    );
    if (!met) return undefined;
    met.left -= 1;
    return met.fault.kind;
  }
}

/** What a refused caller is told. */
export function faultError(service: string, kind: 'throttle' | '5xx'): AwsError {
  if (kind === '5xx') return new AwsError(500, 'ServerException', 'Internal server error');
  if (service === 'ec2') return new AwsError(503, 'RequestLimitExceeded', 'Request limit exceeded.');
  return new AwsError(service === 'eks' ? 429 : 400, 'ThrottlingException', 'Rate exceeded');
}
