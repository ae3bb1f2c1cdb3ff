import Digest
import Files
import Foundation

/// Keeps, archives or deletes originals once their results are published.
package final class OriginalsKeeper: Sendable {
    /// The outcome for an original.
    package enum Outcome: Equatable, Sendable {
        case kept
        /// It lies at this path of the archive now.
        case archived(RelativePath)
        case deleted
        /// It is still in the inbox, because something went wrong; its result is published all the same.
        case left(reason: String)
        /// Another file has its name, or it is gone; neither was touched.
        case replaced
    }

    private let inbox: Folder
    private let archive: Folder?
    private let policy: OriginalPolicy

    /// A keeper for a configuration whose folders `prepare()` has made.
    package init(configuration: SpoolConfiguration) throws {
        inbox = try Folder(configuration.inbox)
        policy = configuration.originals
        // A file that cannot be given its name back now is tried again at the next start.
        try? inbox.returnTaken()
        archive = policy == .archive ? try Folder(configuration.archive) : nil
    }

    /// The places that an original of this name and content may have in an archive.
    package static func archivePlaces(of path: RelativePath, content: ContentHash) -> [RelativePath] {
        // Names with a number are of one content.
        [path] + Folder.alternatives(path, content.short).prefix(1)
    }

    /// The folders that it copies to.
    var folders: [Folder] { archive.map { [$0] } ?? [] }

    /// Keeps, archives or deletes the original that a published result was made from, if it is still that file.
    ///
    /// It never throws, since no error here is a reason to do the work again.
    ///
    /// - Parameter progress: Called again and again during a copy; what it throws gives the copy up.
    package func settle(
        _ path: RelativePath, stamp: FileStamp, content: ContentHash, progress: () throws -> Void = {}
    ) -> Outcome {
        do {
            switch policy {
            case .keep:
                return .kept
            case .archive:
                guard let archive else { return .kept }
                let sidecar = try? inbox.ownSidecar(of: path)
                let place = try inbox.move(
                    path, stamp, to: archive, as: path, tag: content.short, progress: progress)
                // The file is safe: a sidecar that stays behind is no reason to say otherwise.
                try? inbox.moveSidecar(sidecar, of: path, to: archive, as: place, tag: content.short)
                return .archived(place)
            case .delete:
                try inbox.remove(path, stamp)
                return .deleted
            }
        } catch is CancellationError {
            return .left(reason: "its copy was given up, and is made after the next start")
        } catch let error as FileError where error.isGone {
            // The missing thing may be the archive; an inbox that cannot be examined counts as holding the original.
            return (try? inbox.has(stamp, at: path)) ?? true ? .left(reason: "\(error)") : .replaced
        } catch {
            return .left(reason: "\(error)")
        }
    }
}
