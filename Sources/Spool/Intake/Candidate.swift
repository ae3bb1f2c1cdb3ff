import Files
import Foundation

/// A file of the inbox that looks ready.
package struct Candidate: Hashable, Sendable {
    /// The way in which the file was noticed.
    package enum Origin: Sendable {
        /// It arrived while the inbox was watched.
        case arrival
        /// It lay there when the inbox was scanned.
        case backlog
    }

    package let path: RelativePath
    /// The file's stamp when it was found ready.
    package let stamp: FileStamp
    /// The sidecars that held for it then.
    package let sidecars: SidecarStamp
    package let arrival: Date
    package let origin: Origin
    /// Whether the file was put back as truncated and has not changed during the whole patience since.
    package let isLastChance: Bool

    package init(
        path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp = .none, arrival: Date, origin: Origin,
        isLastChance: Bool = false
    ) {
        self.path = path
        self.stamp = stamp
        self.sidecars = sidecars
        self.arrival = arrival
        self.origin = origin
        self.isLastChance = isLastChance
    }
}
