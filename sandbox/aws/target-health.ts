// DescribeTargetHealth, of the load balancers that the sandbox really runs: the emulator calls every target healthy.
import type { TargetHealth, TargetHealthOf } from '../contracts.ts';
import type { Answer, Call } from './http.ts';
import { escapeXml } from './xml.ts';

/** The answer of the emulator, which has checked caller and target group, with the targets as they are. */
export function trueTargetHealth(call: Call, answer: Answer, healthOf: TargetHealthOf | undefined): Answer {
  const arn = new URLSearchParams(call.body.toString('utf8')).get('TargetGroupArn');
  const targets = answer.status === 200 && arn !== null ? healthOf?.(arn) : undefined;
  if (!targets) return answer;
  const body = answer.body
    .toString('utf8')
    .replace(
      /<TargetHealthDescriptions\s*\/>|<TargetHealthDescriptions>.*<\/TargetHealthDescriptions>/s,
      `<TargetHealthDescriptions>${targets.map(describe).join('')}</TargetHealthDescriptions>`,
    );
  return { ...answer, body: Buffer.from(body) };
}

function describe({ ip, port, state, reason, description }: TargetHealth): string {
  const why =
    reason === undefined
      ? ''
      : `<Reason>${escapeXml(reason)}</Reason><Description>${escapeXml(description ?? '')}</Description>`;
  return (
    `<member><Target><Id>${escapeXml(ip)}</Id><Port>${port}</Port></Target>` +
    `<TargetHealth><State>${state}</State>${why}</TargetHealth></member>`
  );
}
