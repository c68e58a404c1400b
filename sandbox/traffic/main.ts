// The traffic generator as a process of its own: node sandbox/traffic/main.ts --config FILE
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readTrafficConfig } from './config.ts';
import { EventLog } from './event-log.ts';
import { startTraffic } from './generator.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) throw new Error('usage: node sandbox/traffic/main.ts --config FILE');

const config = await readTrafficConfig(values.config);
const log = new EventLog(config.out);
const traffic = startTraffic(config, log.record);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
await traffic.stop();
await log.close();
