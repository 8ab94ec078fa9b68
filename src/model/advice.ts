const advice: Readonly<Record<string, string>> = {
  LANDFALL_EVENT_UNREADABLE:
    'The signature was right, but the body holds no event. Look at the body in the input of this workflow; mend the source adapter or the setting at the vendor, deploy, replay.',
  LANDFALL_SOURCE_UNKNOWN:
    'The worker does not have this source configured. Configure it, restart the worker, replay.',
  LANDFALL_VENDOR_UNAVAILABLE:
    "The vendor's API failed on every attempt. See the vendor's status page; replay when it answers again.",
  LANDFALL_VENDOR_RATE_LIMITED:
    "The vendor's API limits our rate. Replay later, or ask the vendor for a higher limit.",
  LANDFALL_VENDOR_BEHIND:
    "The vendor's API still shows the record older than its own event said. Replay in some minutes.",
  LANDFALL_VENDOR_REFUSED:
    'The vendor refuses this request: another record may fare better. See what it says; mend the source adapter, deploy, replay.',
  LANDFALL_VENDOR_DENIED:
    'The vendor denies us access: check the API key and its permissions, restart the worker, replay.',
  LANDFALL_VENDOR_ANSWER:
    "The vendor's answer is not as documented: its API may have changed. Mend the source adapter, deploy, replay.",
  LANDFALL_RECORD_TOO_LARGE: 'The record is too large. Let the source fetch fewer fields, deploy, replay.',
  LANDFALL_DESTINATION_UNAVAILABLE:
    'The record is written; a destination failed on every attempt. Replay when it answers: only the missing deliveries are made.',
  LANDFALL_DESTINATION_REFUSED:
    'The record is written; a destination refuses it. Mend what it says, then replay: only the missing deliveries are made.',
  LANDFALL_DESTINATION_DENIED:
    'The record is written; a destination lets no write of ours in. Mend the credentials, the rights or the table, restart the worker, replay: only the missing deliveries are made.',
  LANDFALL_HANDLER_FAILED:
    'The record is written; a handler failed on every attempt. Mend it and deploy, or wait for what it needs, then replay: only what has not had the record gets it.',
  LANDFALL_HANDLER_REFUSED:
    'The record is written; a handler says that no attempt can succeed. Mend what it says, then replay: only what has not had the record gets it.',
  LANDFALL_BODY_GONE:
    'What the event said is not kept any more. Reconcile the source, so that our copy is right without it, then discard.',
  LANDFALL_STORE_REFUSED:
    'Our own database refuses the value: a defect of ours, or data that no table can hold. Mend it, deploy, replay.',
};
const generalAdvice = 'Read the error below, mend its cause, replay.';

/** What usually mends a failure, by the code of its error: what an engineer wants to read first, at night. */
export function adviceFor(code: string | undefined): string {
  return (code === undefined ? undefined : advice[code]) ?? generalAdvice;
}

/** The codes that have an advice of their own: those that a dead letter nearly always has. */
export const advisedCodes: readonly string[] = Object.keys(advice);
