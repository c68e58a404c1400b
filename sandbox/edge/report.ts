export type Log = (message: string) => void;

/** Says what went wrong where. */
export const reportTo =
  (log: Log, where: string) =>
  (error: unknown): void =>
    log(`${where}: ${error instanceof Error ? error.message : String(error)}`);
