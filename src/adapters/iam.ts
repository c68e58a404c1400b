import {
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { orNull, required } from './aws-answers.ts';

export interface OidcProvider {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Iam {
  findOidcProvider(issuer: string): Promise<OidcProvider | null>;
  /** Returns the ARN. */
  createOidcProvider(issuer: string, tags: Readonly<Record<string, string>>): Promise<string>;
  deleteOidcProvider(arn: string): Promise<void>;
}

/** Pods ask STS for their role with this audience. */
const AUDIENCE = 'sts.amazonaws.com';

export function createIam(iam: IAMClient): Iam {
  return {
    async findOidcProvider(issuer) {
      const { OpenIDConnectProviderList: providers = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
      // An ARN ends with the issuer without its scheme.
      const suffix = `:oidc-provider/${issuer.replace(/^https:\/\//, '')}`;
      const arn = providers.find(({ Arn }) => Arn?.endsWith(suffix))?.Arn;
      if (arn === undefined) return null;
      const found = await orNull(iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })));
      if (!found) return null;
      const tags = (found.Tags ?? []).map(({ Key, Value }) => [required(Key, 'Tag.Key'), Value ?? ''] as const);
      return { arn, tags: Object.fromEntries(tags) };
    },

    async createOidcProvider(issuer, tags) {
      const answer = await iam.send(
        new CreateOpenIDConnectProviderCommand({
          Url: issuer,
          ClientIDList: [AUDIENCE],
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
      return required(answer.OpenIDConnectProviderArn, 'OpenIDConnectProviderArn');
    },

    async deleteOidcProvider(arn) {
      await orNull(iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })));
    },
  };
}
