import CFileSystem
import Files
import Foundation

extension IntakeLoop {
    /// Events handled in one turn before due files are looked at.
    private static let turn = 4096
    private static let probePatience = Duration.seconds(3)

    /// File systems that give no events for the changes of other machines or of the process behind FUSE.
    private static let remote: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "SMB", 0xFE53_4D42: "SMB", 0x6573_5546: "FUSE", 0x0102_1997: "9p",
        0x00C3_6400: "Ceph", 0x5346_414F: "AFS",
    ]

    /// Gets the table of watches, where the configuration and the kernel allow one.
    func openTable() {
        tableReason = nil
        guard configuration.watching == .automatic else {
            tableReason = "as configured"
            return
        }
        do {
            table = try WatchTable(root: configuration.inbox)
        } catch {
            doWithoutTable(error)
        }
    }

    private func doWithoutTable(_ error: WatchTable.Unavailable) {
        table = nil
        tableReason = error.reason
        warn(.noEvents, "no events, polling instead: \(error.reason)")
    }

    /// Waits for events, requests or due files, and handles the events that came.
    func handleEvents() {
        let next = [stability.nextDue, nextScan, probeDue].compactMap { $0 }.min()!
        // The library may have read events that were not handled yet.
        var event = table?.next()
        if event == nil {
            channel.wait(until: next, for: table?.descriptor)
            event = table?.next()
        }
        var handled = 0
        while let current = event {
            handle(current)
            handled += 1
            event = handled < Self.turn ? table?.next() : nil
        }
        if let due = probeDue, due <= .now {
            probeDue = nil
            inboxReason = "the file system gives no events"
            warn(.noEvents, "\(configuration.inbox): no event came for a probe file, polling instead")
            updateMode()
            nextScan = .now
        }
    }

    /// Handles one event.
    func handle(_ event: WatchTable.Event) {
        if event.has(IN_Q_OVERFLOW) {
            warn(.overflow, "\(configuration.inbox): events were lost, scanning instead")
            renewTable()
            return
        }
        guard let folder = event.folder else { return }
        if folder.isRoot, event.has(IN_DELETE_SELF) || event.has(IN_MOVE_SELF) || event.has(IN_UNMOUNT) {
            loseInbox()
            return
        }
        guard !event.name.isEmpty else { return }
        if folder.isRoot, event.name == Self.probe {
            probeDue = nil
            return
        }
        let path = folder.appending(event.name)
        if !event.isDirectory, path.isSidecar {
            lookAgain(sidecar: path, event)
            return
        }
        guard !rules.ignores(path, isDirectory: event.isDirectory) else { return }
        if event.isDirectory {
            handleFolder(event, path)
        } else if event.has(IN_DELETE) || event.has(IN_MOVED_FROM) {
            stability.forget(path)
            seen.remove(path)
        } else if event.has(IN_MOVED_TO) {
            look(at: path, wait: .none)
        } else if event.has(IN_CLOSE_WRITE) {
            look(at: path, wait: .quiet)
        } else if event.has(IN_CREATE) {
            // Its writer has it open; the close will say more.
            look(at: path, wait: .patience)
        }
    }

    /// A sidecar came, went or was written to: the files that it holds for may be due again.
    private func lookAgain(sidecar path: RelativePath, _ event: WatchTable.Event) {
        // Its writer has it open, and the close will say more; a second name of a file, made by link(), is never closed.
        if event.has(IN_CREATE), (try? folder?.status(path)?.links) ?? 1 == 1 { return }
        if let file = path.ownerOfSidecar {
            look(at: file, wait: .quiet)
        } else {
            scanTree(path.parent)
        }
    }

    private func handleFolder(_ event: WatchTable.Event, _ path: RelativePath) {
        if event.has(IN_CREATE) || event.has(IN_MOVED_TO) {
            scanTree(path)
        } else if event.has(IN_MOVED_FROM) {
            table?.removeTree(path)
            stability.forgetTree(path)
        } else if event.has(IN_DELETE) {
            stability.forgetTree(path)
        }
    }

    private func look(at path: RelativePath, wait: StabilityTracker.Wait) {
        guard let folder else { return }
        let found: FileStatus?
        let sidecars: SidecarStamp
        do {
            found = try folder.status(path)
            sidecars = found?.kind == .file ? try folder.sidecars(of: path) : .none
        } catch let error as FileError where error.isGone {
            stability.forget(path)
            return
        } catch {
            warn(.unreadable, "\(error)")
            stability.arrived(path, .unknown, wait: .quiet, at: .now)
            return
        }
        guard let status = found else {
            stability.forget(path)
            return
        }
        switch status.kind {
        case .directory: break
        case .special(let reason): refuse(path, reason, status.stamp)
        case .file:
            if seen.contains(path, status.stamp, sidecars) { return }
            // A second name of a file, made by link(), is as whole as the first and never closed.
            let wait = wait == .patience && status.links > 1 ? StabilityTracker.Wait.quiet : wait
            stability.arrived(path, status.stamp, wait: wait, at: .now)
        }
    }

    /// Starts again with a fresh table, which the next scan fills.
    func renewTable() {
        do {
            try table?.renew()
        } catch {
            doWithoutTable(error)
        }
        nextScan = .now
    }

    /// The inbox was deleted, moved away or unmounted: wait for one to come back.
    func loseInbox() {
        guard folder != nil else { return }
        folder = nil
        inboxReason = "the inbox is missing"
        warn(.inboxMissing, "\(configuration.inbox) is gone, waiting for it to come back")
        updateMode()
        nextScan = .now.advanced(by: .seconds(min(1, configuration.pollSeconds)))
    }

    /// Finds out whether events arrive, by the file system's type and a probe file.
    func probeEvents() {
        guard table != nil, let folder else { return }
        if let name = Self.remote[file_system_type(folder.descriptor.raw)] {
            inboxReason = "\(name) gives no events for changes made elsewhere"
            warn(
                .noEvents,
                "\(configuration.inbox) lies on \(name), which gives no events for changes made elsewhere: polling")
            return
        }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        // Without a probe file, the file system's type must do.
        guard let file = try? Descriptor.open(folder.descriptor.raw, Self.probe[...], flags, path: folder.path) else {
            return
        }
        _ = consume file
        _ = Self.probe[...].withCString { unlinkat(folder.descriptor.raw, $0, 0) }
        probeDue = .now.advanced(by: Self.probePatience)
    }
}
