// swift-tools-version: 6.1
import Foundation
import PackageDescription

// Fused multiply-add and eight-wide vectors need a level of the instruction set that compilers do not assume.
#if arch(x86_64)
    let vectors: [String] = ["-Xcc", "-march=x86-64-v3"]
#else
    let vectors: [String] = []
#endif

// Arithmetic is optimised in debug builds too: tests and the development build run real networks. Whole modules at
// once, as small functions are otherwise not inlined across files.
let fast: [SwiftSetting] = [.unsafeFlags(vectors + ["-O", "-whole-module-optimization", "-num-threads", "2"])]

let remote: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
]

// A source archive brings the packages along.
let vendored = (try? FileManager.default.contentsOfDirectory(atPath: Context.packageDirectory + "/Vendor")) ?? []

let package = Package(
    name: "autochrome",
    products: [.executable(name: "autochrome", targets: ["autochrome"])],
    dependencies: vendored.isEmpty ? remote : vendored.map { .package(path: "Vendor/" + $0) },
    targets: [
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSandbox"),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .systemLibrary(name: "CKernels"),
        .systemLibrary(name: "CPainting"),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CFileSystem"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
        .target(name: "CExiv2", linkerSettings: [.linkedLibrary("exiv2")]),

        .target(name: "Tensor", dependencies: ["Files"], swiftSettings: fast),
        .target(name: "Kernels", dependencies: ["Tensor", "CKernels", "COpenBLAS"], swiftSettings: fast),
        .target(name: "Flow", dependencies: ["Tensor", "Kernels"], swiftSettings: fast),
        .target(
            name: "Imaging",
            dependencies: [
                "CExiv2", "CJPEG", "CPainting", "CSandbox", "CTIFF", "CVips", "CZlib", "Digest", "Files", "Tensor",
            ],
            swiftSettings: fast),
        .target(name: "Digest", dependencies: ["CCrypto"]),
        .target(name: "Files", dependencies: ["CFileSystem", "Digest"]),
        .target(
            name: "Colorization", dependencies: ["Tensor", "Kernels", "Flow", "Imaging", "Digest"], swiftSettings: fast),
        .target(
            name: "Training",
            dependencies: ["CArchive", "CZlib", "Tensor", "Kernels", "Flow", "Imaging", "Colorization"],
            swiftSettings: fast),
        .target(
            name: "Spool",
            dependencies: [
                "CFileSystem", "CInotifyTools", "Digest", "Files",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        .target(
            name: "Queue", dependencies: ["CHiredis", "Digest", "Files", "Spool"],
            resources: [.embedInCode("Scripts")]),
        .target(
            name: "Service",
            dependencies: [
                "CCurl", "CSandbox", "Colorization", "Digest", "Files", "Imaging", "Spool",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "Desk",
            dependencies: [
                "CZlib", "Service",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Page"]),
        .executableTarget(
            name: "autochrome",
            dependencies: [
                "CProcessor", "Desk", "Queue", "Service", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "kernels-benchmark", dependencies: ["Tensor", "Kernels"], path: "Benchmarks/Kernels",
            exclude: ["pytorch.py"], swiftSettings: fast),

        .executableTarget(
            name: "decode-benchmark", dependencies: ["Imaging"], path: "Benchmarks/Decode", swiftSettings: fast),

        .target(name: "TestSupport", dependencies: ["CSandbox", "Files"], path: "Tests/TestSupport"),
        .testTarget(name: "TensorTests", dependencies: ["Tensor"]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"]),
        .testTarget(name: "FlowTests", dependencies: ["Flow"], resources: [.copy("Golden")]),
        .executableTarget(name: "faulty-helper", dependencies: ["Imaging"], path: "Tests/FaultyHelper"),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Training", "Imaging", "Flow", "Kernels", "Tensor", "TestSupport", "faulty-helper"],
            resources: [.copy("Golden")]),
        .testTarget(name: "ImagingTests", dependencies: ["Imaging", "TestSupport", "faulty-helper"]),
        .testTarget(name: "SpoolTests", dependencies: ["Spool", "Digest", "Files", "TestSupport"]),
        .testTarget(name: "QueueTests", dependencies: ["Queue", "Spool", "Digest", "Files", "TestSupport"]),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "Colorization", "Spool", "Files", "Imaging", "Digest", "Flow", "TestSupport",
                "faulty-helper",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "DeskTests", dependencies: ["CZlib", "Desk", "Service", "Spool", "Files", "Digest", "TestSupport"]),
        .testTarget(name: "EndToEndTests", dependencies: ["autochrome", "Imaging", "Digest", "TestSupport"]),
    ],
    // Exiv2 0.27's headers are of that time.
    cxxLanguageStandard: .cxx14
)
