import Dispatch
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Service
import Synchronization

/// The desk as a process: its doors, its threads and its end.
package final class DeskServer: Sendable {
    private let desk: Desk
    private let router: Router
    private let doors: [ListeningDoor]
    private let options: DeskOptions
    private let manager: ServiceManager
    private let logger: Logger
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private let serving = Mutex<Task<Void, Never>?>(nil)
    private let failure = Mutex<(any Error)?>(nil)
    private let ended = DispatchSemaphore(value: 0)
    /// Signalled once no connection is served any more.
    private let served = DispatchSemaphore(value: 0)
    private static let longestEnd = 10.0

    /// Opens the folders and the doors.
    ///
    /// - Throws: The reason why it cannot start.
    package init(
        configuration: Configuration, options: DeskOptions, logger: Logger,
        manager: ServiceManager = ServiceManager()
    ) throws {
        let token = try options.tokenFile.map(Secrets.token)
        doors = try ListeningDoor.open(options, hasToken: token != nil)
        desk = try Desk(configuration: configuration, options: options)
        let limit = options.limits.waiting
        let users = options.userHeader.map { NamedUsers(header: $0, proxies: options.proxies) }
        router = Router(
            desk: desk, door: Door(secrets: Secrets(token: token), names: options.names, users: users),
            readers: Threads(4, limit: limit), writers: Threads(2, limit: limit), painters: Threads(1, limit: 16))
        self.options = options
        self.manager = manager
        self.logger = logger
    }

    /// The addresses that a person may type into a browser, or the paths of sockets.
    package var addresses: [String] { doors.map(\.address) }

    /// Serves until SIGTERM or SIGINT.
    package func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let signals = SignalListener([SIGTERM, SIGINT], on: .global()) { [self] _ in ended.signal() }
        defer { withExtendedLifetime(signals) {} }
        start()
        ended.wait()
        try stop()
        logger.info("the desk is closed")
    }

    /// Begins to serve.
    package func start() {
        let task = Task(executorPreference: DeskExecutor()) { [self] in
            do { try await serve() } catch { failure.withLock { $0 = error } }
            served.signal()
            ended.signal()
        }
        serving.withLock { $0 = task }
        desk.start()
    }

    /// Ends all connections, and throws where serving had failed.
    package func stop() throws {
        manager.stopping()
        desk.stop()
        // What is written is whole or not at all. Loops must not end before those that wait for them.
        if let serving = serving.withLock({ $0 }) {
            serving.cancel()
            _ = served.wait(timeout: .now() + Self.longestEnd)
        }
        try? group.syncShutdownGracefully()
        for door in doors { door.close() }
        router.stop()
        if let error = failure.withLock({ $0 }), !(error is CancellationError) { throw error }
    }

    private func serve() async throws {
        try await withThrowingDiscardingTaskGroup { tasks in
            for door in doors {
                let server = try await listen(door)
                tasks.addTask { try await self.accept(server, isSocket: door.isSocket) }
            }
            manager.ready()
            logger.info("the desk is open at \(addresses.joined(separator: ", "))")
            tasks.addTask { await self.feedWatchdog() }
        }
    }

    private func listen(_ door: ListeningDoor) async throws
        -> NIOAsyncChannel<NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>, Never>
    {
        let limits = options.limits
        return try await ServerBootstrap(group: group).bind(door.takeDescriptor()) { channel in
            channel.eventLoop.makeCompletedFuture {
                try Self.prepare(channel, limits)
                return try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 2, highWatermark: 8)))
            }
        }
    }

    /// Puts the parser and its limits onto a new connection.
    private static func prepare(_ channel: any Channel, _ limits: DeskLimits) throws {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = limits.headBytes / 4
        decoder.maxHeaderListSize = limits.headBytes
        decoder.maxHeaderFieldCount = limits.headFields
        let head = HeadLimit(limits.headBytes, loop: channel.eventLoop)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(head.before)
        try pipeline.configureHTTPServerPipeline(
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(head.behind)
    }

    /// Takes connections, as many as are allowed at once.
    private func accept(
        _ server: NIOAsyncChannel<NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>, Never>,
        isSocket: Bool
    ) async throws {
        let traffic = desk.traffic
        let limits = options.limits
        try await withThrowingDiscardingTaskGroup { tasks in
            try await server.executeThenClose { inbound in
                for try await connection in inbound {
                    guard traffic.connections.load(ordering: .relaxed) < limits.connections else {
                        traffic.refusedConnections.add(1, ordering: .relaxed)
                        tasks.addTask { try? await connection.executeThenClose { _, _ in } }
                        continue
                    }
                    traffic.connections.add(1, ordering: .relaxed)
                    let peer = isSocket ? Peer.socket : Peer(address: connection.channel.remoteAddress?.ipAddress)
                    let work = Connection(connection.channel, from: peer, router: router, limits: limits)
                    tasks.addTask {
                        await work.serve(connection)
                        traffic.connections.subtract(1, ordering: .relaxed)
                    }
                }
            }
        }
    }

    /// Tells the service manager that the tasks get on.
    private func feedWatchdog() async {
        guard let interval = manager.watchdogInterval else { return }
        while !Task.isCancelled {
            manager.watchdog()
            try? await Task.sleep(for: .seconds(interval))
        }
    }
}
