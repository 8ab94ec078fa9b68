/** A real HTTP server that stands in for a vendor's API or a destination: the one that the conformance kit starts. */
export {
  type StandIn as HttpVendor,
  type StandInReply as VendorReply,
  type StandInRequest as VendorRequest,
  startStandIn as startHttpVendor,
} from '../../src/testing/stand-in.ts';
