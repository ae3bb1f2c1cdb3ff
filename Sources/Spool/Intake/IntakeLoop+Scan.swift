import Files
import Foundation

extension IntakeLoop {
    /// Looks at every folder and file of the inbox, and watches every folder; false if part was not seen.
    @discardableResult
    func scanAll() -> Bool {
        guard openInbox() else {
            nextScan = .now.advanced(by: .seconds(configuration.pollSeconds))
            return false
        }
        seen.beginScan()
        reported.beginScan()
        isTableFull = false
        let isComplete = scanTree(.root)
        if isComplete { isKnown = true }
        seen.endScan(complete: isComplete)
        reported.endScan(complete: isComplete)
        updateMode()
        let seconds = handicap == nil ? configuration.rescanSeconds : configuration.pollSeconds
        nextScan = .now.advanced(by: .seconds(seconds))
        return isComplete
    }

    /// Looks at everything below a folder, each folder watched before it is listed; false if part was not seen.
    @discardableResult
    func scanTree(_ top: RelativePath) -> Bool {
        var isComplete = true
        var pending = [top]
        while let path = pending.popLast() {
            if channel.isStopping { return false }
            watch(path)
            guard let inner = scanFolder(path) else {
                isComplete = false
                continue
            }
            pending += inner
        }
        return isComplete
    }

    /// Opens the inbox, or the one that has taken its place; false where there is none.
    private func openInbox() -> Bool {
        do {
            let found = try Folder(configuration.inbox)
            let stamp = try found.descriptor.status(found.path).stamp
            if let folder, let old = try? folder.descriptor.status(found.path).stamp,
                old.inode == stamp.inode, old.device == stamp.device
            {
                return true
            }
            let isFirst = folder == nil && inboxReason == nil
            folder = found
            inboxReason = nil
            if !isFirst { renewTable() }
            watch(.root)
            probeEvents()
            return true
        } catch {
            folder = nil
            inboxReason = "the inbox is missing"
            warn(.inboxMissing, "\(error); waiting for it")
            updateMode()
            return false
        }
    }

    private func watch(_ path: RelativePath) {
        guard table != nil, table?.contains(path) == false, let code = table?.add(path) else { return }
        switch code {
        case ENOSPC, ENOMEM:
            isTableFull = true
            warn(
                .watchTableFull,
                "\(configuration.inbox): no more folders can be watched (fs.inotify.max_user_watches), scanning as well"
            )
        default:
            // The folder is gone again or cannot be read: listing it will tell.
            break
        }
    }

    /// Looks at the files of a folder, and returns the folders in it; nil where it cannot be listed.
    private func scanFolder(_ path: RelativePath) -> [RelativePath]? {
        guard let folder else { return nil }
        do {
            let directory = try folder.directory(path)
            let inherited = try folder.sidecars(of: path, isDirectory: true)
            var inner: [RelativePath] = []
            for name in try Folder.names(in: directory, folder.display(path)) {
                let child = path.appending(name)
                guard let status = try Folder.status(in: directory.raw, child.name, folder.display(child)) else {
                    continue
                }
                guard !rules.ignores(child, isDirectory: status.kind == .directory) else { continue }
                switch status.kind {
                case .directory: inner.append(child)
                case .special(let reason): refuse(child, reason, status.stamp)
                case .file:
                    let own = try Folder.sidecar(in: directory, child.name, folder.display(child))
                    if !seen.contains(child, status.stamp, inherited.adding(own)) {
                        stability.scanned(child, status.stamp, at: .now, as: isKnown ? .arrival : .backlog)
                    }
                }
            }
            return inner
        } catch let error as FileError where error.isGone {
            return []
        } catch {
            warn(.unreadable, "\(error)")
            return nil
        }
    }
}
