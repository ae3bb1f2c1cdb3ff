import CFileSystem
import Files
import Foundation
import Synchronization

/// The watch on the inbox: it delivers every file that is ready, once for each content and for each change
/// of its sidecars.
///
/// Events are hints and scans are the truth: an event makes the intake look at a path, and every path is looked at by a
/// scan at start, at intervals, and whenever events may have been lost. One thread does all of it.
package final class Intake: Sendable {
    /// A warning to the operator; each kind is reported once in ten minutes at most.
    package struct Warning: Equatable, Sendable {
        package enum Kind: Sendable, CaseIterable {
            case overflow, watchTableFull, noEvents, inboxMissing, unreadable
        }

        package let kind: Kind
        package let message: String
    }

    private let channel: IntakeChannel
    private let loop: Mutex<IntakeLoop>

    /// An intake for a configuration whose folders `prepare()` has made.
    ///
    /// The functions are called on the intake's thread, which sees no file while they run; the kernel keeps the events of
    /// that time.
    package init(
        configuration: SpoolConfiguration,
        onWarning: @escaping @Sendable (Warning) -> Void = { _ in },
        onRefusal: @escaping @Sendable (Refusal) -> Void = { _ in }
    ) throws {
        let channel = try IntakeChannel()
        self.channel = channel
        loop = Mutex(
            IntakeLoop(configuration: configuration, channel: channel, onWarning: onWarning, onRefusal: onRefusal))
    }

    package var mode: Mode { channel.mode }

    /// Starts watching; the handler gets batches of files that are ready, on the intake's thread.
    package func start(handler: @escaping @Sendable ([Candidate]) -> Void) {
        channel.beginRun()
        let thread = Thread { [channel, self] in
            loop.withLock { $0.run(handler) }
            channel.endRun()
        }
        thread.name = "intake"
        thread.start()
    }

    /// Waits until the watch stands or has ended.
    package func waitUntilWatching() {
        channel.waitUntilWatching()
    }

    /// Stops watching and waits until no handler runs any more; not to be called by a handler.
    package func stop() {
        channel.stop()
    }

    /// Asks the watch or a single scan to end, and returns at once.
    package func requestStop() {
        channel.requestStop()
    }

    /// Asks for a full scan now.
    package func rescan() {
        channel.post { $0.rescan = true }
    }

    /// Puts a file back that does not decode to its end.
    ///
    /// - Returns: True if it will be delivered again, once it has changed and rested or once it has not changed during
    ///   the whole patience; false if this was that last time, and the file is broken.
    package func notReady(_ candidate: Candidate) -> Bool {
        if candidate.isLastChance { return false }
        channel.post { $0.truncated.append(candidate) }
        return true
    }

    /// Forgets that a file was delivered, so that the next scan delivers it again.
    package func forget(_ path: RelativePath) {
        channel.post { $0.forgotten.append(path) }
    }

    /// Delivers the files of the inbox, without a watch, and returns when every one has come to rest.
    ///
    /// A further call delivers the files that are new since, and those put back with `notReady`. `stop()` ends it early.
    ///
    /// - Returns: Whether every file was seen and delivered; false where it was stopped or a folder could not be read.
    package func scanOnce(handler: @Sendable ([Candidate]) -> Void) throws -> Bool {
        try loop.withLock { try $0.runOnce(handler) }
    }
}

/// The messages between other threads and the intake's thread.
final class IntakeChannel: Sendable {
    /// Requests to the intake's thread.
    struct Requests {
        var rescan = false
        var truncated: [Candidate] = []
        var forgotten: [RelativePath] = []
    }

    private struct State {
        var requests = Requests()
        var isStopping = false
        var hasRun = false
        var isRunning = false
        var isWatching = false
        var mode = Intake.Mode.stopped
    }

    private let state = Mutex(State())
    private let running = DispatchGroup()
    private let starting = DispatchGroup()
    /// Counts the requests since the last wait, and ends a wait for events.
    private let posted: Descriptor
    /// The longest wait: poll's clock stands still while the machine sleeps.
    private static let longestWait = Duration.seconds(10)

    init() throws {
        let raw = event_counter()
        guard raw >= 0 else { throw FileError.last("make", "an event counter") }
        posted = Descriptor(owning: raw)
    }

    var mode: Intake.Mode { state.withLock { $0.mode } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    func setMode(_ mode: Intake.Mode) {
        let isFirst = state.withLock { state in
            defer { state.isWatching = state.isRunning }
            state.mode = mode
            return state.isRunning && !state.isWatching
        }
        if isFirst { starting.leave() }
    }

    func waitUntilWatching() { starting.wait() }

    func beginRun() {
        state.withLock {
            precondition(!$0.isRunning, "the intake runs already")
            $0.isRunning = true
            // A stop that was asked for before the first run holds for it.
            if $0.hasRun { $0.isStopping = false }
            $0.hasRun = true
            $0.isWatching = false
            $0.mode = .starting
        }
        running.enter()
        starting.enter()
    }

    func endRun() {
        setMode(.stopped)
        state.withLock { $0.isRunning = false }
        running.leave()
    }

    func requestStop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    func stop() {
        requestStop()
        running.wait()
    }

    func post(_ change: (inout Requests) -> Void) {
        state.withLock { change(&$0.requests) }
        wake()
    }

    func take() -> Requests {
        state.withLock { state in
            defer { state.requests = Requests() }
            return state.requests
        }
    }

    /// Waits until something was posted, the descriptor has something to read, or the time has come; perhaps less long.
    func wait(until time: ContinuousClock.Instant, for descriptor: Int32? = nil) {
        var entries = ([posted.raw] + (descriptor.map { [$0] } ?? [])).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        let duration = min(max(ContinuousClock.now.duration(to: time), .zero), Self.longestWait)
        let milliseconds = (duration / .milliseconds(1)).rounded(.up)
        guard poll(&entries, nfds_t(entries.count), Int32(milliseconds)) > 0, entries[0].revents != 0 else { return }
        var count: UInt64 = 0
        _ = read(posted.raw, &count, MemoryLayout.size(ofValue: count))
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(posted.raw, &one, MemoryLayout.size(ofValue: one))
    }
}
