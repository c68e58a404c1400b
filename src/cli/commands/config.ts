import { readFileSync } from 'node:fs';
import { ConfigError, loadEnvironment } from '../../../config/load.ts';
import { greenName } from '../../domain/environment.ts';
import { EXIT } from '../exit-codes.ts';
import { run, type CommonOptions } from '../run.ts';

/** All mistakes of all files at once. */
export function check(files: readonly string[], options: CommonOptions): Promise<void> {
  return run(options, async () => {
    const results = files.map((file) => {
      try {
        const environment = loadEnvironment(file);
        const { name, apps } = environment;
        const count = `${apps.length} app${apps.length === 1 ? '' : 's'}`;
        return { file, ok: true as const, text: `${file}: ${name}, ${count}, moves to ${greenName(environment)}` };
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return { file, ok: false as const, text: error.message, problems: error.problems };
      }
    });
    const code = results.every(({ ok }) => ok) ? EXIT.done.code : EXIT.badInput.code;
    return {
      text: results.map(({ text }) => text).join('\n'),
      json: { files: results.map(({ text: _text, ...rest }) => rest) },
      code,
    };
  });
}

export function schema(): Promise<void> {
  return run({ output: 'text' }, async () => {
    const text = readFileSync(new URL('../../../config/environment.schema.json', import.meta.url), 'utf8');
    return { text, json: undefined };
  });
}
