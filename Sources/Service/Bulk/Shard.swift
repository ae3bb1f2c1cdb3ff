import Digest
import Files

/// One of several parts of a bulk: each photograph belongs to one of them, by its path alone.
///
/// A longer list of photographs moves none from one part to another.
package struct Shard: Equatable, Sendable {
    package let number: Int
    package let count: Int

    /// A part as `I/N`, from `0/N`; nil for others.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], count > 0, (0..<count).contains(number)
        else { return nil }
        (self.number, self.count) = (number, count)
    }

    /// Whether a photograph is of this part.
    package func contains(_ path: RelativePath) -> Bool {
        let hash = ContentHash(of: path.bytes).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return hash % UInt64(count) == UInt64(number)
    }
}
