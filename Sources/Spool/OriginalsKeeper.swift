import Digest
import Foundation

/// Deals with originals once their results are published.
package final class OriginalsKeeper: Sendable {
    /// What became of an original.
    package enum Outcome: Equatable, Sendable {
        case kept
        /// It lies at this path of the archive now.
        case archived(SpoolPath)
        case deleted
        /// It is still in the inbox, because something went wrong; its result is published all the same.
        case left(reason: String)
        /// Another file has its name, or it is gone: nothing was done.
        case replaced
    }

    private let inbox: Folder
    private let archive: Folder?
    private let policy: OriginalPolicy

    /// A keeper for a configuration whose folders `prepare()` has made.
    package init(configuration: SpoolConfiguration) throws {
        inbox = try Folder(configuration.inbox)
        policy = configuration.originals
        archive = policy == .archive ? try Folder(configuration.archive) : nil
    }

    /// Keeps, archives or deletes the original that a published result was made from, if it is still that file.
    ///
    /// It never throws, since nothing that goes wrong here is a reason to do the work again.
    package func settle(_ path: SpoolPath, stamp: FileStamp, content: ContentHash) -> Outcome {
        do {
            switch policy {
            case .keep:
                return .kept
            case .archive:
                guard let archive else { return .kept }
                let place = try inbox.move(path, stamp, to: archive, as: path, tag: content.short)
                // The file is safe: a sidecar that stays behind is no reason to say otherwise.
                try? inbox.moveSidecar(of: path, to: archive, as: place, tag: content.short)
                return .archived(place)
            case .delete:
                try delete(path, stamp)
                return .deleted
            }
        } catch let error as SpoolError where error.isGone {
            return .replaced
        } catch {
            return .left(reason: "\(error)")
        }
    }

    private func delete(_ path: SpoolPath, _ stamp: FileStamp) throws {
        let parent = try inbox.directory(path.parent)
        guard let status = try Folder.status(in: parent.raw, path.name, inbox.display(path)) else {
            throw SpoolError.missing(path: inbox.display(path))
        }
        guard status.kind == .file, status.stamp.matches(stamp) else {
            throw SpoolError.changed(path: inbox.display(path))
        }
        guard path.name.withCString({ unlinkat(parent.raw, $0, 0) }) == 0 else {
            throw SpoolError.last("remove", inbox.display(path))
        }
        try parent.synchronize(inbox.display(path.parent))
    }
}
