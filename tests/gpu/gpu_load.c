/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_load.c - keep one NVIDIA GPU busy for so many seconds, with what comes with its driver alone: libcuda.so.1, and a
 * kernel of multiplications and additions in PTX, which the driver compiles. Names and arguments are those of the CUDA
 * Driver API's public documentation; the instructions are of "Parallel Thread Execution ISA".
 *
 * Exits 77 where there is no CUDA driver or no GPU.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCKS = 4096, THREADS = 256, ROUNDS = 20000 }; /* some 10 to 100 ms a launch */

static const char kernel[] = ".version 6.0\n"
                             ".target sm_70\n"
                             ".address_size 64\n"
                             ".visible .entry burn(.param .u64 burn_out, .param .u32 burn_rounds)\n"
                             "{\n"
                             "        .reg .pred %p<2>;\n"
                             "        .reg .f32 %f<8>;\n"
                             "        .reg .b32 %r<6>;\n"
                             "        .reg .b64 %rd<5>;\n"
                             "        ld.param.u64 %rd1, [burn_out];\n"
                             "        ld.param.u32 %r1, [burn_rounds];\n"
                             "        mov.u32 %r2, %ctaid.x;\n"
                             "        mov.u32 %r3, %ntid.x;\n"
                             "        mov.u32 %r4, %tid.x;\n"
                             "        mad.lo.u32 %r5, %r2, %r3, %r4;\n"
                             "        cvt.rn.f32.u32 %f1, %r5;\n"
                             "        mov.f32 %f2, %f1;\n"
                             "        mov.f32 %f3, %f1;\n"
                             "        mov.f32 %f4, %f1;\n"
                             "        mov.f32 %f5, 0f3F7FFFF0;\n" /* just below 1 */
                             "        mov.f32 %f6, 0f3F000000;\n" /* 0.5 */
                             "again:\n"
                             "        fma.rn.f32 %f1, %f1, %f5, %f6;\n"
                             "        fma.rn.f32 %f2, %f2, %f5, %f6;\n"
                             "        fma.rn.f32 %f3, %f3, %f5, %f6;\n"
                             "        fma.rn.f32 %f4, %f4, %f5, %f6;\n"
                             "        fma.rn.f32 %f1, %f1, %f5, %f6;\n"
                             "        fma.rn.f32 %f2, %f2, %f5, %f6;\n"
                             "        fma.rn.f32 %f3, %f3, %f5, %f6;\n"
                             "        fma.rn.f32 %f4, %f4, %f5, %f6;\n"
                             "        sub.u32 %r1, %r1, 1;\n"
                             "        setp.ne.u32 %p1, %r1, 0;\n"
                             "        @%p1 bra again;\n"
                             "        add.f32 %f1, %f1, %f2;\n"
                             "        add.f32 %f3, %f3, %f4;\n"
                             "        add.f32 %f7, %f1, %f3;\n"
                             "        cvta.to.global.u64 %rd2, %rd1;\n"
                             "        mul.wide.u32 %rd3, %r5, 4;\n"
                             "        add.s64 %rd4, %rd2, %rd3;\n"
                             "        st.global.f32 [%rd4], %f7;\n"
                             "        ret;\n"
                             "}\n";

struct cuda {
        int (*init)(unsigned int flags);
        int (*device)(int *device, int ordinal);
        int (*context)(void **context, unsigned int flags, int device);
        int (*load)(void **module, const void *image);
        int (*function)(void **function, void *module, const char *name);
        int (*alloc)(uint64_t *pointer, size_t size);
        int (*launch)(void *function, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
                      unsigned int by, unsigned int bz, unsigned int shared, void *stream, void **arguments,
                      void **extra);
        int (*wait)(void);
};

static volatile sig_atomic_t asked;

static void on_term(int number)
{
        (void)number;
        asked = 1;
}

static void look_up(void *library, const char *symbol, void *pointer)
{
        void *found = dlsym(library, symbol);

        if (found == NULL) {
                printf("skipped: libcuda.so.1 has no %s\n", symbol);
                exit(77);
        }
        memcpy(pointer, &found, sizeof(found));
}

static void must(const char *what, int result)
{
        if (result == 0)
                return;
        fprintf(stderr, "gpu_load: %s: CUDA error %d\n", what, result);
        exit(1);
}

static struct cuda open_cuda(void)
{
        void *library = dlopen("libcuda.so.1", RTLD_NOW);
        struct cuda cuda;

        if (library == NULL) {
                puts("skipped: there is no libcuda.so.1");
                exit(77);
        }
        look_up(library, "cuInit", &cuda.init);
        look_up(library, "cuDeviceGet", &cuda.device);
        look_up(library, "cuCtxCreate_v2", &cuda.context);
        look_up(library, "cuModuleLoadData", &cuda.load);
        look_up(library, "cuModuleGetFunction", &cuda.function);
        look_up(library, "cuMemAlloc_v2", &cuda.alloc);
        look_up(library, "cuLaunchKernel", &cuda.launch);
        look_up(library, "cuCtxSynchronize", &cuda.wait);
        return cuda;
}

static void burn(const struct cuda *cuda, long seconds)
{
        void *context, *module, *function;
        uint64_t out;
        uint32_t rounds = ROUNDS;
        void *arguments[] = { &out, &rounds };
        time_t end = time(NULL) + seconds;
        int device;

        must("cuDeviceGet", cuda->device(&device, 0));
        must("cuCtxCreate", cuda->context(&context, 0, device));
        must("cuModuleLoadData", cuda->load(&module, kernel));
        must("cuModuleGetFunction", cuda->function(&function, module, "burn"));
        must("cuMemAlloc", cuda->alloc(&out, (size_t)BLOCKS * THREADS * sizeof(float)));
        while (!asked && time(NULL) < end) {
                must("cuLaunchKernel", cuda->launch(function, BLOCKS, 1, 1, THREADS, 1, 1, 0, NULL, arguments, NULL));
                must("cuCtxSynchronize", cuda->wait());
        }
}

int main(int argc, char **argv)
{
        struct cuda cuda = open_cuda();

        signal(SIGTERM, on_term);
        if (cuda.init(0) != 0) {
                puts("skipped: CUDA finds no GPU");
                return 77;
        }
        burn(&cuda, argc > 1 ? atol(argv[1]) : 10);
        return 0;
}
