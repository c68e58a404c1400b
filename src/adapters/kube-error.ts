import { ApiException } from '@kubernetes/client-node';

/** What went wrong between us and one cluster's API server, without the headers and bodies that may hold secrets. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly cluster: string;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;

  constructor(cluster: string, status: number | null, message: string) {
    super(message);
    this.cluster = cluster;
    this.status = status;
  }
}

export function toKubeError(cluster: string, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof ApiException) {
    return new KubeError(cluster, error.code, statusMessage(error.body) ?? `HTTP ${error.code}`);
  }
  return new KubeError(cluster, null, reasonOf(error));
}

/** The message of the Kubernetes Status that an API server answers with, parsed or as text. */
function statusMessage(body: unknown): string | undefined {
  if (typeof body === 'string') {
    try {
      return statusMessage(JSON.parse(body));
    } catch {
      return undefined;
    }
  }
  const isStatus = typeof body === 'object' && body !== null && 'message' in body;
  return isStatus && typeof body.message === 'string' ? body.message : undefined;
}

/** `fetch failed` says nothing: what did is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

/** The answer, or null when the API server says that there is no such object. */
export async function nullWhenMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return null;
    throw error;
  }
}
