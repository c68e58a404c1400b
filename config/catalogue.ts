// The part of the environment file about what receives traffic and is in none of its apps.
import { z } from 'zod';
import { OWNER_LABEL } from '../src/domain/catalogue-settings.ts';
import { labelName, list, pattern, text } from './fields.ts';

const exception = z.strictObject({
  match: pattern(/^[\w.*-]+(?:\/[\w.*-]+)?$/, 'a host name or namespace/name, with * for anything'),
  reason: text('why it may go with the old cluster'),
});

export const catalogue = z.strictObject({
  ownerLabel: labelName('the label that names the owner of an object').default(OWNER_LABEL),
  ignore: list(exception, 'what may go with the old cluster without being moved').default([]),
});
