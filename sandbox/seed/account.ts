// What an AWS account has before eksodus comes: roles, a network, a hosted zone.
import { EC2Client, CreateSubnetCommand, CreateVpcCommand } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import type { AwsGateway, SandboxSettings } from '../contracts.ts';
import { given } from '../given.ts';

export interface Account {
  readonly clusterRoleArn: string;
  readonly nodeRoleArn: string;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly zoneId: string;
}

export async function seedAccount(gateway: AwsGateway, settings: SandboxSettings, zone: string): Promise<Account> {
  const client = { endpoint: gateway.url, region: settings.region, credentials: gateway.rootKey };
  const [iam, ec2, route53] = [new IAMClient(client), new EC2Client(client), new Route53Client(client)];
  const role = async (name: string, service: string): Promise<string> => {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    };
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    return given(Role?.Arn, `ARN of role ${name}`);
  };
  const [clusterRoleArn, nodeRoleArn] = await Promise.all([
    role('eks-cluster', 'eks.amazonaws.com'),
    role('eks-node', 'ec2.amazonaws.com'),
  ]);
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.20.0.0/16' }));
  const vpcId = given(Vpc?.VpcId, 'id of the VPC');
  const subnetIds: string[] = [];
  for (const [index, letter] of ['a', 'c', 'd'].entries()) {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: `10.20.${index}.0/24`,
        AvailabilityZone: `${settings.region}${letter}`,
      }),
    );
    subnetIds.push(given(Subnet?.SubnetId, 'id of a subnet'));
  }
  const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name: zone, CallerReference: zone }));
  const zoneId = given(HostedZone?.Id, 'id of the hosted zone').replace('/hostedzone/', '');
  for (const one of [iam, ec2, route53]) one.destroy();
  return { clusterRoleArn, nodeRoleArn, vpcId, subnetIds, zoneId };
}
