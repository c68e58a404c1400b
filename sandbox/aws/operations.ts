import * as eks from '@aws-sdk/client-eks';
import * as route53 from '@aws-sdk/client-route-53';
import type { Call } from './http.ts';

/** A REST operation that a request is for, with the labels of its URI. */
export interface Operation {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  readonly labels: readonly string[];
}

/** What an operation schema begins with in the SDK. */
const OPERATION_SCHEMA = 9;

/** The SDK's own models say which method and path is which operation. */
const REST: Readonly<Record<string, readonly Route[]>> = {
  eks: routesOf(eks),
  route53: routesOf(route53),
};

/**
 * The operation of a call under the name that AWS gives it: from the REST models of EKS and Route 53, from `X-Amz-Target`
 * (JSON services) or from `Action=` (query services). `Unknown` when it has none.
 */
export function operationOf(service: string, call: Call): Operation {
  const routes = REST[service];
  if (routes) return restOperation(routes, call);
  const target = call.headers['x-amz-target'];
  if (typeof target === 'string') {
    return { name: target.slice(target.lastIndexOf('.') + 1), labels: {} };
  }
  const name = call.query.get('Action') ?? new URLSearchParams(call.body.toString('utf8')).get('Action');
  return { name: name ?? 'Unknown', labels: {} };
}

function restOperation(routes: readonly Route[], call: Call): Operation {
  for (const route of routes) {
    const match = route.method === call.method ? route.path.exec(call.path) : null;
    if (!match) continue;
    const labels = route.labels.map((label, i): [string, string] => [label, decodeURIComponent(match[i + 1] ?? '')]);
    return { name: route.name, labels: Object.fromEntries(labels) };
  }
  return { name: 'Unknown', labels: {} };
}

function routesOf(sdk: object): readonly Route[] {
  const routes = Object.values(sdk).flatMap((schema: unknown) => routeOf(schema) ?? []);
  if (routes.length === 0) throw new Error('the AWS SDK carries no operation schemas any more');
  return routes;
}

/** An operation schema is `[9, namespace, name, {http: [method, uri, status]}, …]`. */
function routeOf(schema: unknown): Route | undefined {
  if (!isArray(schema) || schema[0] !== OPERATION_SCHEMA) return undefined;
  const [, , name, traits] = schema;
  if (typeof name !== 'string' || typeof traits !== 'object' || traits === null) return undefined;
  const http: unknown = 'http' in traits ? traits.http : undefined;
  if (!isArray(http)) return undefined;
  const [method, uri] = http;
  if (typeof method !== 'string' || typeof uri !== 'string') return undefined;
  const [path = ''] = uri.split('?');
  const labels = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, label = '']) => label);
  const pattern = path.replace(/\/$/, '').replaceAll(/\{\w+\+?\}/g, '([^/]+)');
  return { name, method, path: new RegExp(`^${pattern}/?$`), labels };
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
