import { isDeepStrictEqual } from 'node:util';
import { invalidRequest } from './errors.ts';

/** The client's token for a mutation, and what it asked for with it. */
export interface ClientRequest {
  readonly token?: string;
  readonly parameters: object;
}

export function clientRequest(parameters: { clientRequestToken?: string | undefined }): ClientRequest {
  const { clientRequestToken: token, ...asked } = parameters;
  return { ...(token === undefined ? {} : { token }), parameters: asked };
}

/**
 * What was made by an earlier request with the same token; undefined when there was none. As long as that resource is
 * there, the same token with the same parameters is answered with it.
 * @throws AwsError InvalidRequestException when the token was used with other parameters
 */
export function replayed<T extends { readonly request: ClientRequest }>(
  made: Iterable<T>,
  request: ClientRequest,
): T | undefined {
  if (request.token === undefined) return undefined;
  for (const resource of made) {
    if (resource.request.token !== request.token) continue;
    if (isDeepStrictEqual(resource.request.parameters, request.parameters)) return resource;
    throw invalidRequest('The clientRequestToken was used before with other parameters.');
  }
  return undefined;
}
