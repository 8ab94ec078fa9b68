import type { SourceDefinition } from './define-source.ts';
import { demoSource } from './demo.ts';
import { githubSource } from './github.ts';
import { stripeSource } from './stripe.ts';

/** The vendors that come with Landfall, one line each. A vendor without a file of its own is described to `genericSource`. */
export const sourceDefinitions: readonly SourceDefinition[] = [demoSource, githubSource, stripeSource];
