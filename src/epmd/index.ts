/** EPMD's protocol as bytes, without sockets. */

export {
  checkReplySize,
  decodeAliveReply,
  decodeNamesReply,
  decodePortReply,
  EPMD_PORT,
  encodeAliveRequest,
  encodeNamesRequest,
  encodePortRequest,
  type NodeAddress,
  type RegisteredNode,
} from "./codec.ts";
export { EpmdProtocolError } from "./errors.ts";
