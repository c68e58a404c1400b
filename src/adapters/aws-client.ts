// What every AWS client of the product has in common.

/** A request that hangs must end well before the activity that made it. */
export const REQUEST_LIMITS = {
  connectionTimeout: 5_000,
  requestTimeout: 15_000,
  throwOnRequestTimeout: true,
} as const;

interface Named {
  readonly clientName?: string;
  readonly commandName?: string;
}

/** Around all of the SDK's own steps: credentials that cannot be had fail in one of them. */
const OUTERMOST = { name: 'noteWhatWasAsked', step: 'initialize', priority: 'high' } as const;

const noteWhatWasAsked =
  <Args, Answer>(next: (args: Args) => Promise<Answer>, { clientName = 'AWS', commandName = '' }: Named) =>
  async (args: Args): Promise<Answer> => {
    try {
      return await next(args);
    } catch (error) {
      // Another client asked for what this one needed, such as a role's credentials: that is what failed.
      if (error instanceof Error && 'asked' in error) throw error;
      const asked = `${clientName.replace(/Client$/, '')} ${commandName.replace(/Command$/, '')}`;
      throw error instanceof Error ? Object.assign(error, { asked }) : error;
    }
  };

interface AwsClient {
  readonly middlewareStack: { add(middleware: typeof noteWhatWasAsked, options: typeof OUTERMOST): void };
}

/** The SDK's errors do not say what was asked. This client's do, as `asked`: `EKS CreateCluster`. */
export function sayingWhatWasAsked<Client extends AwsClient>(client: Client): Client {
  client.middlewareStack.add(noteWhatWasAsked, OUTERMOST);
  return client;
}
