import { AwsError } from '../errors.ts';

type Detail = Record<string, string>;

export const invalidParameter = (message: string, detail?: Detail): AwsError =>
  new AwsError(400, 'InvalidParameterException', message, detail);

/** The request does not fit the state that the cluster is in. */
export const invalidRequest = (message: string, detail?: Detail): AwsError =>
  new AwsError(400, 'InvalidRequestException', message, detail);

export const inUse = (message: string, detail?: Detail): AwsError =>
  new AwsError(409, 'ResourceInUseException', message, detail);

export const notFound = (message: string, detail?: Detail): AwsError =>
  new AwsError(404, 'ResourceNotFoundException', message, detail);
