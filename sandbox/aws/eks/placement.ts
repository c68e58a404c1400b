import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';
import { principalOf } from '../arns.ts';
import type { Ministack } from '../ministack.ts';
import { invalidParameter } from './errors.ts';

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  /** Such as `10.0.1.0/24`. */
  readonly cidr: string;
}

/** Looks at EC2 and IAM for what EKS is told to use. */
export class Placement {
  readonly #ministack: Ministack;

  constructor(ministack: Ministack) {
    this.#ministack = ministack;
  }

  /** @throws AwsError InvalidParameterException when one of them does not exist */
  async subnets(ids: readonly string[]): Promise<readonly Subnet[]> {
    try {
      const { Subnets: found = [] } = await this.#ministack.ec2.send(
        new DescribeSubnetsCommand({ SubnetIds: [...ids] }),
      );
      return found.map((subnet) => ({
        id: subnet.SubnetId ?? '',
        vpcId: subnet.VpcId ?? '',
        zone: subnet.AvailabilityZone ?? '',
        cidr: subnet.CidrBlock ?? '',
      }));
    } catch (error) {
      if (error instanceof Error && error.name === 'InvalidSubnetID.NotFound') throw invalidParameter(error.message);
      throw error;
    }
  }

  /** @throws AwsError InvalidParameterException unless there is such a role */
  async requireRole(arn: string): Promise<void> {
    if (principalOf(arn)?.kind !== 'role' || !(await this.#exists(arn))) {
      throw invalidParameter(
        `Role with arn: ${arn}, could not be assumed because it does not exist or the trusted entity is not correct`,
      );
    }
  }

  /** @throws AwsError InvalidParameterException unless there is such a user or role */
  async requirePrincipal(arn: string): Promise<void> {
    if (!(await this.#exists(arn))) {
      throw invalidParameter(
        `The specified principalArn is invalid: invalid principal. ${arn} is no IAM user or role that exists.`,
      );
    }
  }

  async #exists(arn: string): Promise<boolean> {
    const principal = principalOf(arn);
    if (!principal) return false;
    const { iam } = this.#ministack;
    try {
      const found =
        principal.kind === 'role'
          ? (await iam.send(new GetRoleCommand({ RoleName: principal.name }))).Role
          : (await iam.send(new GetUserCommand({ UserName: principal.name }))).User;
      return found?.Arn === arn;
    } catch (error) {
      if (error instanceof Error && (error.name === 'NoSuchEntity' || error.name === 'NoSuchEntityException'))
        return false;
      throw error;
    }
  }
}
