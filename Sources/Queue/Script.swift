/// A script that the server runs as one step.
struct Script: Sendable {
    let name: String
    let source: [UInt8]

    private init(_ name: String, _ source: [UInt8]) {
        self.name = name
        self.source = source
    }

    static let enqueue = Script("enqueue", PackageResources.enqueue_lua)
    static let take = Script("take", PackageResources.take_lua)
    static let renew = Script("renew", PackageResources.renew_lua)
    static let finish = Script("finish", PackageResources.finish_lua)
    static let release = Script("release", PackageResources.release_lua)
    static let reign = Script("reign", PackageResources.reign_lua)
    static let abdicate = Script("abdicate", PackageResources.abdicate_lua)
    static let clock = Script("clock", PackageResources.clock_lua)
    static let tidy = Script("tidy", PackageResources.tidy_lua)
    static let greet = Script("greet", PackageResources.greet_lua)
    static let look = Script("look", PackageResources.look_lua)

    static let all = [enqueue, take, renew, finish, release, reign, abdicate, clock, tidy, greet, look]
}
