/** What the CLI's exit codes mean; `eksodus --help` prints this table. */
export const EXIT = {
  done: { code: 0, means: 'done' },
  failed: {
    code: 1,
    means: 'failed; of watch: the upgrade ended without success; of status: its run was ended from outside',
  },
  badInput: { code: 2, means: 'bad input: nothing was changed' },
  held: { code: 3, means: 'held: the upgrade, or of apps show the app, waits for a person' },
  refused: { code: 4, means: 'refused: the command makes no sense now; nothing was changed' },
  unreachable: { code: 5, means: 'unreachable: Temporal or a worker does not answer' },
} as const;

export const exitCodeHelp = (): string =>
  ['Exit codes:', ...Object.values(EXIT).map(({ code, means }) => `  ${code}  ${means}`)].join('\n');
