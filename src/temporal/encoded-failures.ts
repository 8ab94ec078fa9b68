import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Makes a payload of each failure's message and stack, so that the codec encrypts them. The SDK loads this by its path, with
 * `require`: plain JavaScript, so that it can be loaded as it is.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
