import type { Fault } from '../fault.ts';
import { clockMoved } from './clock-moved.ts';
import { cutOff } from './cut-off.ts';
import { filled } from './filled.ts';
import { killed } from './killed.ts';
import { paused } from './paused.ts';
import { restarted } from './restarted.ts';
import { slowed } from './slowed.ts';

/** Every fault, in the order of the report. */
export const catalogue: readonly Fault[] = [
  ...killed,
  ...paused,
  ...cutOff,
  ...slowed,
  ...filled,
  ...restarted,
  ...clockMoved,
];
