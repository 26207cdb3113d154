# AOT ID: ['1_backward']
from ctypes import c_void_p, c_long, c_int
import torch
import math
import random
import os
import tempfile
from math import inf, nan
from cmath import nanj
from torch._inductor.hooks import run_intermediate_hooks
from torch._inductor.utils import maybe_profile
from torch._inductor.codegen.memory_planning import _align as align
from torch import device, empty_strided
from torch._inductor.async_compile import AsyncCompile
from torch._inductor.select_algorithm import extern_kernels
from torch._inductor.runtime.runtime_utils import assert_tensor_metadata

aten = torch.ops.aten
inductor_ops = torch.ops.inductor
_quantized = torch.ops._quantized
assert_size_stride = torch._C._dynamo.guards.assert_size_stride
assert_size_stride_grouped = torch._C._dynamo.guards.assert_size_stride_grouped
assert_alignment = torch._C._dynamo.guards.assert_alignment
empty_strided_cpu = torch._C._dynamo.guards._empty_strided_cpu
empty_strided_cpu_pinned = torch._C._dynamo.guards._empty_strided_cpu_pinned
empty_strided_cuda = torch._C._dynamo.guards._empty_strided_cuda
empty_strided_xpu = torch._C._dynamo.guards._empty_strided_xpu
empty_strided_mtia = torch._C._dynamo.guards._empty_strided_mtia
reinterpret_tensor = torch._C._dynamo.guards._reinterpret_tensor
alloc_from_pool = torch.ops.inductor._alloc_from_pool
async_compile = AsyncCompile()
empty_strided_p2p = torch._C._distributed_c10d._SymmetricMemory.empty_strided_p2p


cpp_fused__scaled_dot_product_flash_attention_for_cpu_backward__to_copy_slice_transpose_view_0 = async_compile.cpp_pybinding(['const float*', 'const float*', 'const float*', 'at::BFloat16*', 'float*', 'float*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(const float* in_ptr0,
                       const float* in_ptr1,
                       const float* in_ptr2,
                       at::BFloat16* out_ptr0,
                       float* out_ptr1,
                       float* out_ptr2)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(262144L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(262144L)))
                    {
                        auto tmp0 = at::vec::VectorizedN<float,2>::loadu(in_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<at::BFloat16,1,float,2>(tmp0);
                        tmp1.store(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(8L); x0+=static_cast<int64_t>(1L))
            {
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(16L); x1+=static_cast<int64_t>(16L))
                {
                    for(int64_t x2=static_cast<int64_t>(0L); x2<static_cast<int64_t>(256L); x2+=static_cast<int64_t>(16L))
                    {
                        {
                            if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(16L) && x2 >= static_cast<int64_t>(0) && x2 < static_cast<int64_t>(256L)))
                            {
                                alignas(std::max(std::size_t(16), alignof(float))) float tmp0[16*16];
                                transpose_mxn<float,static_cast<int64_t>(16),static_cast<int64_t>(16),false>(in_ptr1 + static_cast<int64_t>(x1 + 16L*x2 + 4096L*x0), static_cast<int64_t>(16L), tmp0, static_cast<int64_t>(16));
                                for (long x1_inner = 0; x1_inner < static_cast<int64_t>(16); x1_inner++)
                                {
                                    auto tmp1 = at::vec::Vectorized<float>::loadu(tmp0 + static_cast<int64_t>(16L*x1_inner), static_cast<int64_t>(16));
                                    tmp1.store(out_ptr1 + static_cast<int64_t>(x2 + 256L*x1 + 256L*x1_inner + 4096L*x0));
                                }
                            }
                        }
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(8L); x0+=static_cast<int64_t>(1L))
            {
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(16L); x1+=static_cast<int64_t>(16L))
                {
                    for(int64_t x2=static_cast<int64_t>(0L); x2<static_cast<int64_t>(256L); x2+=static_cast<int64_t>(16L))
                    {
                        {
                            if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(16L) && x2 >= static_cast<int64_t>(0) && x2 < static_cast<int64_t>(256L)))
                            {
                                alignas(std::max(std::size_t(16), alignof(float))) float tmp0[16*16];
                                transpose_mxn<float,static_cast<int64_t>(16),static_cast<int64_t>(16),false>(in_ptr2 + static_cast<int64_t>(x1 + 16L*x2 + 4096L*x0), static_cast<int64_t>(16L), tmp0, static_cast<int64_t>(16));
                                for (long x1_inner = 0; x1_inner < static_cast<int64_t>(16); x1_inner++)
                                {
                                    auto tmp1 = at::vec::Vectorized<float>::loadu(tmp0 + static_cast<int64_t>(16L*x1_inner), static_cast<int64_t>(16));
                                    tmp1.store(out_ptr2 + static_cast<int64_t>(x2 + 256L*x1 + 256L*x1_inner + 4096L*x0));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


cpp_fused__to_copy__unsafe_view_gelu_gelu_backward_sum_view_1 = async_compile.cpp_pybinding(['at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'at::BFloat16*', 'float*', 'float*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(at::BFloat16* in_out_ptr0,
                       const at::BFloat16* in_ptr0,
                       const at::BFloat16* in_ptr1,
                       const at::BFloat16* in_ptr2,
                       at::BFloat16* out_ptr0,
                       float* out_ptr1,
                       float* out_ptr3)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(64L); x0+=static_cast<int64_t>(32L))
            {
                {
                    float tmp_acc0 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(4096L); x1+=static_cast<int64_t>(1L))
                    {
                        {
                            if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                tmp_acc0_vec = tmp_acc0_vec + tmp1;
                            }
                        }
                    }
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                    {
                        auto at_BFloat16_tmp_acc0_vec = at::vec::convert<at::BFloat16,1,float,2>(tmp_acc0_vec);
                        at_BFloat16_tmp_acc0_vec.store(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                    }
                }
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr1 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(1048576L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(1048576L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr1 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp12 = at::vec::Vectorized<at::BFloat16>::loadu(in_out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        auto tmp2 = tmp1 * tmp1;
                        auto tmp3 = tmp2 * tmp1;
                        auto tmp4 = static_cast<float>(0.044715);
                        auto tmp5 = at::vec::VectorizedN<float,2>(tmp4);
                        auto tmp6 = tmp3 * tmp5;
                        auto tmp7 = tmp1 + tmp6;
                        auto tmp8 = static_cast<float>(0.7978845608028654);
                        auto tmp9 = at::vec::VectorizedN<float,2>(tmp8);
                        auto tmp10 = tmp7 * tmp9;
                        auto tmp11 = tmp10.tanh();
                        auto tmp13 = at::vec::convert<float,2,at::BFloat16,1>(tmp12);
                        auto tmp14 = static_cast<float>(1.0);
                        auto tmp15 = at::vec::VectorizedN<float,2>(tmp14);
                        auto tmp16 = tmp11 + tmp15;
                        auto tmp17 = static_cast<float>(0.5);
                        auto tmp18 = at::vec::VectorizedN<float,2>(tmp17);
                        auto tmp19 = tmp16 * tmp18;
                        auto tmp20 = tmp1 * tmp18;
                        auto tmp21 = tmp11 * tmp11;
                        auto tmp22 = tmp15 - tmp21;
                        auto tmp23 = tmp20 * tmp22;
                        auto tmp24 = static_cast<float>(0.134145);
                        auto tmp25 = at::vec::VectorizedN<float,2>(tmp24);
                        auto tmp26 = tmp2 * tmp25;
                        auto tmp27 = tmp26 + tmp15;
                        auto tmp28 = tmp27 * tmp9;
                        auto tmp29 = tmp23 * tmp28;
                        auto tmp30 = tmp19 + tmp29;
                        auto tmp31 = tmp13 * tmp30;
                        auto tmp32 = at::vec::convert<at::BFloat16,1,float,2>(tmp31);
                        tmp32.store(in_out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(16384L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(16384L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr2 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr3 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


cpp_fused__to_copy__unsafe_view_add_gelu_gelu_backward_native_layer_norm_native_layer_norm_backward_sum_view_2 = async_compile.cpp_pybinding(['const at::BFloat16*', 'const at::BFloat16*', 'const float*', 'const float*', 'const at::BFloat16*', 'const float*', 'const float*', 'const float*', 'const at::BFloat16*', 'at::BFloat16*', 'float*', 'float*', 'float*', 'float*', 'float*', 'at::BFloat16*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(const at::BFloat16* in_ptr0,
                       const at::BFloat16* in_ptr1,
                       const float* in_ptr2,
                       const float* in_ptr3,
                       const at::BFloat16* in_ptr4,
                       const float* in_ptr5,
                       const float* in_ptr6,
                       const float* in_ptr7,
                       const at::BFloat16* in_ptr8,
                       at::BFloat16* out_ptr0,
                       float* out_ptr1,
                       float* out_ptr2,
                       float* out_ptr3,
                       float* out_ptr4,
                       float* out_ptr5,
                       at::BFloat16* out_ptr6)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(256L); x0+=static_cast<int64_t>(32L))
            {
                {
                    float tmp_acc0 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(4096L); x1+=static_cast<int64_t>(1L))
                    {
                        {
                            if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(256L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0 + 256L*x1), static_cast<int64_t>(32));
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                tmp_acc0_vec = tmp_acc0_vec + tmp1;
                            }
                        }
                    }
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(256L)))
                    {
                        auto at_BFloat16_tmp_acc0_vec = at::vec::convert<at::BFloat16,1,float,2>(tmp_acc0_vec);
                        at_BFloat16_tmp_acc0_vec.store(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                    }
                }
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(256L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr1 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(4096L); x0+=static_cast<int64_t>(1L))
            {
                {
                    float tmp_acc0 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc1 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc1_vec = at::vec::VectorizedN<float,2>(0);
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(64L); x1+=static_cast<int64_t>(32L))
                    {
                        {
                            if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp2 = at::vec::VectorizedN<float,2>::loadu(in_ptr2 + static_cast<int64_t>(x1), static_cast<int64_t>(32));
                                auto tmp4 = at::vec::VectorizedN<float,2>::loadu(in_ptr3 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp5 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr4 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp8 = in_ptr5[static_cast<int64_t>(x0)];
                                auto tmp11 = in_ptr6[static_cast<int64_t>(x0)];
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                auto tmp3 = tmp1 * tmp2;
                                auto tmp6 = at::vec::convert<float,2,at::BFloat16,1>(tmp5);
                                auto tmp7 = tmp4 + tmp6;
                                auto tmp9 = at::vec::VectorizedN<float,2>(tmp8);
                                auto tmp10 = tmp7 - tmp9;
                                auto tmp12 = at::vec::VectorizedN<float,2>(tmp11);
                                auto tmp13 = tmp10 * tmp12;
                                auto tmp14 = tmp3 * tmp13;
                                tmp_acc0_vec = tmp_acc0_vec + tmp3;
                                tmp_acc1_vec = tmp_acc1_vec + tmp14;
                            }
                        }
                    }
                    tmp_acc0 = tmp_acc0 + at::vec::vec_reduce_all<float, 2>([](at::vec::Vectorized<float>& x, at::vec::Vectorized<float>& y) { return x + y; }, tmp_acc0_vec);
                    out_ptr2[static_cast<int64_t>(x0)] = static_cast<float>(tmp_acc0);
                    tmp_acc1 = tmp_acc1 + at::vec::vec_reduce_all<float, 2>([](at::vec::Vectorized<float>& x, at::vec::Vectorized<float>& y) { return x + y; }, tmp_acc1_vec);
                    out_ptr3[static_cast<int64_t>(x0)] = static_cast<float>(tmp_acc1);
                }
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(64L); x1+=static_cast<int64_t>(32L))
                {
                    {
                        if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(64L)))
                        {
                            auto tmp0 = at::vec::VectorizedN<float,2>::loadu(in_ptr7 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp1 = in_ptr6[static_cast<int64_t>(x0)];
                            auto tmp4 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp6 = at::vec::VectorizedN<float,2>::loadu(in_ptr2 + static_cast<int64_t>(x1), static_cast<int64_t>(32));
                            auto tmp10 = out_ptr2[static_cast<int64_t>(x0)];
                            auto tmp13 = at::vec::VectorizedN<float,2>::loadu(in_ptr3 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp14 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr4 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp17 = in_ptr5[static_cast<int64_t>(x0)];
                            auto tmp22 = out_ptr3[static_cast<int64_t>(x0)];
                            auto tmp2 = static_cast<float>(64.0);
                            auto tmp3 = tmp1 / tmp2;
                            auto tmp5 = at::vec::convert<float,2,at::BFloat16,1>(tmp4);
                            auto tmp7 = tmp5 * tmp6;
                            auto tmp8 = at::vec::VectorizedN<float,2>(tmp2);
                            auto tmp9 = tmp7 * tmp8;
                            auto tmp11 = at::vec::VectorizedN<float,2>(tmp10);
                            auto tmp12 = tmp9 - tmp11;
                            auto tmp15 = at::vec::convert<float,2,at::BFloat16,1>(tmp14);
                            auto tmp16 = tmp13 + tmp15;
                            auto tmp18 = at::vec::VectorizedN<float,2>(tmp17);
                            auto tmp19 = tmp16 - tmp18;
                            auto tmp20 = at::vec::VectorizedN<float,2>(tmp1);
                            auto tmp21 = tmp19 * tmp20;
                            auto tmp23 = at::vec::VectorizedN<float,2>(tmp22);
                            auto tmp24 = tmp21 * tmp23;
                            auto tmp25 = tmp12 - tmp24;
                            auto tmp26 = at::vec::VectorizedN<float,2>(tmp3);
                            auto tmp27 = tmp26 * tmp25;
                            auto tmp28 = tmp0 + tmp27;
                            tmp28.store(out_ptr4 + static_cast<int64_t>(x1 + 64L*x0));
                        }
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(16384L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(16384L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr8 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr5 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(262144L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(262144L)))
                    {
                        auto tmp0 = at::vec::VectorizedN<float,2>::loadu(out_ptr4 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<at::BFloat16,1,float,2>(tmp0);
                        tmp1.store(out_ptr6 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


cpp_fused__to_copy_sum_view_3 = async_compile.cpp_pybinding(['const at::BFloat16*', 'at::BFloat16*', 'float*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(const at::BFloat16* in_ptr0,
                       at::BFloat16* out_ptr0,
                       float* out_ptr1)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(64L); x0+=static_cast<int64_t>(32L))
            {
                {
                    float tmp_acc0 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(4096L); x1+=static_cast<int64_t>(1L))
                    {
                        {
                            if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                tmp_acc0_vec = tmp_acc0_vec + tmp1;
                            }
                        }
                    }
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                    {
                        auto at_BFloat16_tmp_acc0_vec = at::vec::convert<at::BFloat16,1,float,2>(tmp_acc0_vec);
                        at_BFloat16_tmp_acc0_vec.store(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                    }
                }
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(out_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr1 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


cpp_fused__to_copy__unsafe_view_add_clone_permute_slice_backward_stack_view_4 = async_compile.cpp_pybinding(['const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'const at::BFloat16*', 'float*', 'at::BFloat16*', 'at::BFloat16*', 'at::BFloat16*', 'at::BFloat16*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(const at::BFloat16* in_ptr0,
                       const at::BFloat16* in_ptr1,
                       const at::BFloat16* in_ptr2,
                       const at::BFloat16* in_ptr3,
                       const at::BFloat16* in_ptr4,
                       const at::BFloat16* in_ptr5,
                       const at::BFloat16* in_ptr6,
                       const at::BFloat16* in_ptr7,
                       float* out_ptr0,
                       at::BFloat16* out_ptr1,
                       at::BFloat16* out_ptr2,
                       at::BFloat16* out_ptr3,
                       at::BFloat16* out_ptr4)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(4096L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(4096L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr0 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(8L); x0+=static_cast<int64_t>(1L))
            {
                #pragma GCC ivdep
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(512L); x1+=static_cast<int64_t>(1L))
                {
                    #pragma GCC ivdep
                    for(int64_t x2=static_cast<int64_t>(0L); x2<static_cast<int64_t>(16L); x2+=static_cast<int64_t>(1L))
                    {
                        for(int64_t x3=static_cast<int64_t>(0L); x3<static_cast<int64_t>(4L); x3+=static_cast<int64_t>(16L))
                        {
                            {
                                if(C10_LIKELY(x3 >= static_cast<int64_t>(0L) && x3 < static_cast<int64_t>(1)))
                                {
                                    for (int64_t x3_tail = static_cast<int64_t>(0L);x3_tail < static_cast<int64_t>(4L); x3_tail++)
                                    {
                                        auto tmp0 = x1;
                                        auto tmp1 = c10::convert<int64_t>(tmp0);
                                        auto tmp2 = static_cast<int64_t>(256);
                                        auto tmp3 = tmp1 >= tmp2;
                                        auto tmp4 = [&]
                                        {
                                            auto tmp5 = in_ptr1[static_cast<int64_t>((-16384L) + x3_tail + 4L*x2 + 64L*x1 + 16384L*x0)];
                                            auto tmp6 = c10::convert<float>(tmp5);
                                            return tmp6;
                                        }
                                        ;
                                        auto tmp7 = tmp3 ? tmp4() : static_cast<decltype(tmp4())>(0.0);
                                        auto tmp8 = static_cast<float>(0.0);
                                        auto tmp9 = tmp3 ? tmp7 : tmp8;
                                        auto tmp10 = tmp1 < tmp2;
                                        auto tmp11 = [&]
                                        {
                                            auto tmp12 = in_ptr2[static_cast<int64_t>(x3_tail + 4L*x2 + 64L*x1 + 16384L*x0)];
                                            auto tmp13 = c10::convert<float>(tmp12);
                                            return tmp13;
                                        }
                                        ;
                                        auto tmp14 = tmp10 ? tmp11() : static_cast<decltype(tmp11())>(0.0);
                                        auto tmp15 = tmp10 ? tmp14 : tmp8;
                                        auto tmp16 = float(tmp9 + tmp15);
                                        auto tmp17 = c10::convert<at::BFloat16>(tmp16);
                                        out_ptr1[static_cast<int64_t>(x3_tail + 4L*x1 + 2048L*x2 + 32768L*x0)] = tmp17;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(8L); x0+=static_cast<int64_t>(1L))
            {
                #pragma GCC ivdep
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(512L); x1+=static_cast<int64_t>(1L))
                {
                    #pragma GCC ivdep
                    for(int64_t x2=static_cast<int64_t>(0L); x2<static_cast<int64_t>(16L); x2+=static_cast<int64_t>(1L))
                    {
                        for(int64_t x3=static_cast<int64_t>(0L); x3<static_cast<int64_t>(4L); x3+=static_cast<int64_t>(16L))
                        {
                            {
                                if(C10_LIKELY(x3 >= static_cast<int64_t>(0L) && x3 < static_cast<int64_t>(4L)))
                                {
                                    auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr3 + static_cast<int64_t>(x3 + 4L*x2 + 64L*x1 + 32768L*x0), static_cast<int64_t>(4L));
                                    auto tmp1 = at::vec::convert<float>(tmp0);
                                    auto tmp2 = x1;
                                    auto tmp3 = c10::convert<int64_t>(tmp2);
                                    auto tmp4 = static_cast<int64_t>(256);
                                    auto tmp5 = tmp3 < tmp4;
                                    auto tmp6 = [&]
                                    {
                                        auto tmp7 = at::vec::VecMask<float,1>::from(tmp5).template loadu<at::BFloat16,1>(in_ptr4 + static_cast<int64_t>(x3 + 4L*x2 + 64L*x1 + 16384L*x0));
                                        auto tmp8 = at::vec::convert<float>(tmp7);
                                        return tmp8;
                                    }
                                    ;
                                    auto tmp9 = tmp5 ? tmp6() : at::vec::Vectorized<float>(static_cast<float>(0.0));
                                    auto tmp10 = static_cast<float>(0.0);
                                    auto tmp11 = at::vec::VecMask<float,1>::from(tmp5);
                                    auto tmp12 = at::vec::Vectorized<float>(tmp10);
                                    auto tmp13 = decltype(tmp9)::blendv(tmp12, tmp9, inductor_vec_mask_cast<float,1>(tmp11));
                                    auto tmp14 = tmp1 + tmp13;
                                    auto tmp15 = at::vec::convert<at::BFloat16>(tmp14);
                                    tmp15.store(out_ptr2 + static_cast<int64_t>(x3 + 4L*x1 + 2048L*x2 + 32768L*x0), static_cast<int64_t>(4L));
                                }
                            }
                        }
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(8L); x0+=static_cast<int64_t>(1L))
            {
                #pragma GCC ivdep
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(512L); x1+=static_cast<int64_t>(1L))
                {
                    #pragma GCC ivdep
                    for(int64_t x2=static_cast<int64_t>(0L); x2<static_cast<int64_t>(16L); x2+=static_cast<int64_t>(1L))
                    {
                        for(int64_t x3=static_cast<int64_t>(0L); x3<static_cast<int64_t>(4L); x3+=static_cast<int64_t>(16L))
                        {
                            {
                                if(C10_LIKELY(x3 >= static_cast<int64_t>(0L) && x3 < static_cast<int64_t>(4L)))
                                {
                                    auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x3 + 4L*x2 + 64L*x1 + 32768L*x0), static_cast<int64_t>(4L));
                                    auto tmp1 = at::vec::convert<float>(tmp0);
                                    auto tmp2 = x1;
                                    auto tmp3 = c10::convert<int64_t>(tmp2);
                                    auto tmp4 = static_cast<int64_t>(256);
                                    auto tmp5 = tmp3 < tmp4;
                                    auto tmp6 = [&]
                                    {
                                        auto tmp7 = at::vec::VecMask<float,1>::from(tmp5).template loadu<at::BFloat16,1>(in_ptr6 + static_cast<int64_t>(x3 + 4L*x2 + 64L*x1 + 16384L*x0));
                                        auto tmp8 = at::vec::convert<float>(tmp7);
                                        return tmp8;
                                    }
                                    ;
                                    auto tmp9 = tmp5 ? tmp6() : at::vec::Vectorized<float>(static_cast<float>(0.0));
                                    auto tmp10 = static_cast<float>(0.0);
                                    auto tmp11 = at::vec::VecMask<float,1>::from(tmp5);
                                    auto tmp12 = at::vec::Vectorized<float>(tmp10);
                                    auto tmp13 = decltype(tmp9)::blendv(tmp12, tmp9, inductor_vec_mask_cast<float,1>(tmp11));
                                    auto tmp14 = tmp1 + tmp13;
                                    auto tmp15 = at::vec::convert<at::BFloat16>(tmp14);
                                    tmp15.store(out_ptr3 + static_cast<int64_t>(x3 + 4L*x1 + 2048L*x2 + 32768L*x0), static_cast<int64_t>(4L));
                                }
                            }
                        }
                    }
                }
            }
        }
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(4096L); x0+=static_cast<int64_t>(1L))
            {
                #pragma GCC ivdep
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(192L); x1+=static_cast<int64_t>(1L))
                {
                    {
                        {
                            auto tmp0 = in_ptr7[static_cast<int64_t>(4L*((static_cast<int64_t>(x0) % static_cast<int64_t>(512L))) + 2048L*((static_cast<int64_t>(c10::div_floor_integer(static_cast<int64_t>(x1), static_cast<int64_t>(4L))) % static_cast<int64_t>(16L))) + 32768L*(c10::div_floor_integer(static_cast<int64_t>(x0), static_cast<int64_t>(512L))) + 262144L*(c10::div_floor_integer(static_cast<int64_t>(x1), static_cast<int64_t>(64L))) + ((static_cast<int64_t>(x1) % static_cast<int64_t>(4L))))];
                            out_ptr4[static_cast<int64_t>(x1 + 192L*x0)] = tmp0;
                        }
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


cpp_fused__to_copy__unsafe_view_add_native_layer_norm_native_layer_norm_backward_view_5 = async_compile.cpp_pybinding(['float*', 'const at::BFloat16*', 'const float*', 'const at::BFloat16*', 'const float*', 'const float*', 'const at::BFloat16*', 'const float*', 'const float*', 'const float*', 'float*', 'float*', 'float*', 'float*', 'float*', 'float*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(float* in_out_ptr0,
                       const at::BFloat16* in_ptr0,
                       const float* in_ptr1,
                       const at::BFloat16* in_ptr2,
                       const float* in_ptr3,
                       const float* in_ptr4,
                       const at::BFloat16* in_ptr5,
                       const float* in_ptr6,
                       const float* in_ptr7,
                       const float* in_ptr8,
                       float* out_ptr0,
                       float* out_ptr1,
                       float* out_ptr2,
                       float* out_ptr3,
                       float* out_ptr4,
                       float* out_ptr5)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    {
        for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(64L); x0+=static_cast<int64_t>(32L))
        {
            {
                float tmp_acc0 = 0;
                at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                float tmp_acc1 = 0;
                at::vec::VectorizedN<float,2> tmp_acc1_vec = at::vec::VectorizedN<float,2>(0);
                float tmp_acc2 = 0;
                at::vec::VectorizedN<float,2> tmp_acc2_vec = at::vec::VectorizedN<float,2>(0);
                float tmp_acc3 = 0;
                at::vec::VectorizedN<float,2> tmp_acc3_vec = at::vec::VectorizedN<float,2>(0);
                at::vec::VectorizedN<float,2> tmp_acc0_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc0_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc0_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc0_arr[i] = 0;
                }
                at::vec::VectorizedN<float,2> tmp_acc1_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc1_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc1_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc1_arr[i] = 0;
                }
                at::vec::VectorizedN<float,2> tmp_acc2_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc2_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc2_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc2_arr[i] = 0;
                }
                at::vec::VectorizedN<float,2> tmp_acc3_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc3_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc3_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc3_arr[i] = 0;
                }
                #pragma omp parallel
                {
                    int tid = omp_get_thread_num();
                    at::vec::VectorizedN<float,2> tmp_acc0_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc0_local = 0;
                    at::vec::VectorizedN<float,2> tmp_acc1_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc1_local = 0;
                    at::vec::VectorizedN<float,2> tmp_acc2_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc2_local = 0;
                    at::vec::VectorizedN<float,2> tmp_acc3_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc3_local = 0;
                    #pragma omp for
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(4096L); x1+=static_cast<int64_t>(1L))
                    {
                        {
                            if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp2 = at::vec::VectorizedN<float,2>::loadu(in_ptr1 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp3 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr2 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp6 = in_ptr3[static_cast<int64_t>(x1)];
                                auto tmp9 = in_ptr4[static_cast<int64_t>(x1)];
                                auto tmp13 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp15 = in_ptr6[static_cast<int64_t>(x1)];
                                auto tmp18 = in_ptr7[static_cast<int64_t>(x1)];
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                auto tmp4 = at::vec::convert<float,2,at::BFloat16,1>(tmp3);
                                auto tmp5 = tmp2 + tmp4;
                                auto tmp7 = at::vec::VectorizedN<float,2>(tmp6);
                                auto tmp8 = tmp5 - tmp7;
                                auto tmp10 = at::vec::VectorizedN<float,2>(tmp9);
                                auto tmp11 = tmp8 * tmp10;
                                auto tmp12 = tmp1 * tmp11;
                                auto tmp14 = at::vec::convert<float,2,at::BFloat16,1>(tmp13);
                                auto tmp16 = at::vec::VectorizedN<float,2>(tmp15);
                                auto tmp17 = tmp2 - tmp16;
                                auto tmp19 = at::vec::VectorizedN<float,2>(tmp18);
                                auto tmp20 = tmp17 * tmp19;
                                auto tmp21 = tmp14 * tmp20;
                                tmp_acc0_vec_local = tmp_acc0_vec_local + tmp12;
                                tmp_acc1_vec_local = tmp_acc1_vec_local + tmp21;
                                tmp_acc2_vec_local = tmp_acc2_vec_local + tmp1;
                                tmp_acc3_vec_local = tmp_acc3_vec_local + tmp14;
                            }
                        }
                    }
                    tmp_acc0_vec_arr[tid] = tmp_acc0_vec_local;
                    tmp_acc0_arr[tid] = tmp_acc0_local;
                    tmp_acc1_vec_arr[tid] = tmp_acc1_vec_local;
                    tmp_acc1_arr[tid] = tmp_acc1_local;
                    tmp_acc2_vec_arr[tid] = tmp_acc2_vec_local;
                    tmp_acc2_arr[tid] = tmp_acc2_local;
                    tmp_acc3_vec_arr[tid] = tmp_acc3_vec_local;
                    tmp_acc3_arr[tid] = tmp_acc3_local;
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc0_vec = tmp_acc0_vec + tmp_acc0_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc0 = tmp_acc0 + tmp_acc0_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc1_vec = tmp_acc1_vec + tmp_acc1_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc1 = tmp_acc1 + tmp_acc1_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc2_vec = tmp_acc2_vec + tmp_acc2_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc2 = tmp_acc2 + tmp_acc2_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc3_vec = tmp_acc3_vec + tmp_acc3_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc3 = tmp_acc3 + tmp_acc3_arr[tid];
                }
                if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                {
                    tmp_acc0_vec.store(out_ptr0 + static_cast<int64_t>(x0));
                    tmp_acc1_vec.store(out_ptr1 + static_cast<int64_t>(x0));
                    tmp_acc2_vec.store(out_ptr2 + static_cast<int64_t>(x0));
                    tmp_acc3_vec.store(out_ptr3 + static_cast<int64_t>(x0));
                }
            }
        }
    }
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(4096L); x0+=static_cast<int64_t>(1L))
            {
                {
                    float tmp_acc0 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc1 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc1_vec = at::vec::VectorizedN<float,2>(0);
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(64L); x1+=static_cast<int64_t>(32L))
                    {
                        {
                            if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp2 = at::vec::VectorizedN<float,2>::loadu(in_ptr8 + static_cast<int64_t>(x1), static_cast<int64_t>(32));
                                auto tmp4 = at::vec::VectorizedN<float,2>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp5 = in_ptr6[static_cast<int64_t>(x0)];
                                auto tmp8 = in_ptr7[static_cast<int64_t>(x0)];
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                auto tmp3 = tmp1 * tmp2;
                                auto tmp6 = at::vec::VectorizedN<float,2>(tmp5);
                                auto tmp7 = tmp4 - tmp6;
                                auto tmp9 = at::vec::VectorizedN<float,2>(tmp8);
                                auto tmp10 = tmp7 * tmp9;
                                auto tmp11 = tmp3 * tmp10;
                                tmp_acc0_vec = tmp_acc0_vec + tmp3;
                                tmp_acc1_vec = tmp_acc1_vec + tmp11;
                            }
                        }
                    }
                    tmp_acc0 = tmp_acc0 + at::vec::vec_reduce_all<float, 2>([](at::vec::Vectorized<float>& x, at::vec::Vectorized<float>& y) { return x + y; }, tmp_acc0_vec);
                    out_ptr4[static_cast<int64_t>(x0)] = static_cast<float>(tmp_acc0);
                    tmp_acc1 = tmp_acc1 + at::vec::vec_reduce_all<float, 2>([](at::vec::Vectorized<float>& x, at::vec::Vectorized<float>& y) { return x + y; }, tmp_acc1_vec);
                    out_ptr5[static_cast<int64_t>(x0)] = static_cast<float>(tmp_acc1);
                }
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(64L); x1+=static_cast<int64_t>(32L))
                {
                    {
                        if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(64L)))
                        {
                            auto tmp0 = at::vec::VectorizedN<float,2>::loadu(in_out_ptr0 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp1 = in_ptr7[static_cast<int64_t>(x0)];
                            auto tmp4 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp6 = at::vec::VectorizedN<float,2>::loadu(in_ptr8 + static_cast<int64_t>(x1), static_cast<int64_t>(32));
                            auto tmp10 = out_ptr4[static_cast<int64_t>(x0)];
                            auto tmp13 = at::vec::VectorizedN<float,2>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp14 = in_ptr6[static_cast<int64_t>(x0)];
                            auto tmp19 = out_ptr5[static_cast<int64_t>(x0)];
                            auto tmp2 = static_cast<float>(64.0);
                            auto tmp3 = tmp1 / tmp2;
                            auto tmp5 = at::vec::convert<float,2,at::BFloat16,1>(tmp4);
                            auto tmp7 = tmp5 * tmp6;
                            auto tmp8 = at::vec::VectorizedN<float,2>(tmp2);
                            auto tmp9 = tmp7 * tmp8;
                            auto tmp11 = at::vec::VectorizedN<float,2>(tmp10);
                            auto tmp12 = tmp9 - tmp11;
                            auto tmp15 = at::vec::VectorizedN<float,2>(tmp14);
                            auto tmp16 = tmp13 - tmp15;
                            auto tmp17 = at::vec::VectorizedN<float,2>(tmp1);
                            auto tmp18 = tmp16 * tmp17;
                            auto tmp20 = at::vec::VectorizedN<float,2>(tmp19);
                            auto tmp21 = tmp18 * tmp20;
                            auto tmp22 = tmp12 - tmp21;
                            auto tmp23 = at::vec::VectorizedN<float,2>(tmp3);
                            auto tmp24 = tmp23 * tmp22;
                            auto tmp25 = tmp0 + tmp24;
                            tmp25.store(in_out_ptr0 + static_cast<int64_t>(x1 + 64L*x0));
                        }
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


cpp_fused__to_copy_6 = async_compile.cpp_pybinding(['const at::BFloat16*', 'float*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(const at::BFloat16* in_ptr0,
                       float* out_ptr0)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(12288L); x0+=static_cast<int64_t>(32L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(12288L)))
                    {
                        auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0), static_cast<int64_t>(32));
                        auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                        tmp1.store(out_ptr0 + static_cast<int64_t>(x0));
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


async_compile.wait(globals())
del async_compile

class Runner:
    def __init__(self, partitions):
        self.partitions = partitions

    def recursively_apply_fns(self, fns):
        new_callables = []
        for fn, c in zip(fns, self.partitions):
            new_callables.append(fn(c))
        self.partitions = new_callables

    def call(self, args):
        primals_1, primals_2, primals_7, getitem_1, rsqrt, view, convert_element_type_7, convert_element_type_8, convert_element_type_9, where, getitem_5, getitem_6, convert_element_type_10, convert_element_type_11, convert_element_type_12, where_1, getitem_7, getitem_8, view_4, addmm, getitem_10, rsqrt_1, view_6, addmm_1, view_8, permute_6, permute_10, permute_14, permute_22, tangents_1 = args
        args.clear()
        assert_size_stride(tangents_1, (8, 512, 64), (32768, 64, 1), 'input')
        buf0 = empty_strided_cpu((4096, 64), (64, 1), torch.bfloat16)
        assert_size_stride(getitem_8, (8, 16, 256), (4096, 1, 16), 'input')
        buf24 = empty_strided_cpu((8, 16, 256), (4096, 256, 1), torch.float32)
        assert_size_stride(getitem_6, (8, 16, 256), (4096, 1, 16), 'input')
        buf29 = empty_strided_cpu((8, 16, 256), (4096, 256, 1), torch.float32)
        assert_size_stride(permute_6, (64, 256), (256, 1), 'input')
        cpp_fused__scaled_dot_product_flash_attention_for_cpu_backward__to_copy_slice_transpose_view_0(tangents_1, getitem_8, getitem_6, buf0, buf24, buf29)
        del getitem_6
        del getitem_8
        buf1 = empty_strided_cpu((4096, 256), (256, 1), torch.bfloat16)
        # Topologically Sorted Source Nodes: [mm_1], Original ATen: [aten.mm]
        extern_kernels.mm(buf0, permute_6, out=buf1)
        del permute_6
        assert_size_stride(view_8, (4096, 256), (256, 1), 'input')
        buf2 = empty_strided_cpu((64, 256), (256, 1), torch.bfloat16)
        # Topologically Sorted Source Nodes: [permute_7, mm_2], Original ATen: [aten.t, aten.mm]
        extern_kernels.mm(reinterpret_tensor(buf0, (64, 4096), (1, 64), 0), view_8, out=buf2)
        del view_8
        buf3 = empty_strided_cpu((1, 64), (64, 1), torch.bfloat16)
        buf5 = empty_strided_cpu((64, ), (1, ), torch.float32)
        assert_size_stride(addmm_1, (4096, 256), (256, 1), 'input')
        buf7 = reinterpret_tensor(buf1, (8, 512, 256), (131072, 256, 1), 0); del buf1  # reuse
        buf4 = empty_strided_cpu((64, 256), (256, 1), torch.float32)
        assert_size_stride(permute_10, (256, 64), (64, 1), 'input')
        cpp_fused__to_copy__unsafe_view_gelu_gelu_backward_sum_view_1(buf7, buf0, addmm_1, buf2, buf3, buf5, buf4)
        del addmm_1
        buf8 = buf0; del buf0  # reuse
        # Topologically Sorted Source Nodes: [view_12, convert_element_type_38, linear_2, gelu, mul_15, mul_16, sub_4, mul_17, add_10, mul_18, mul_19, mul_20, add_11, mul_21, convert_element_type_40, view_13, mm_3], Original ATen: [aten.view, aten.gelu_backward, aten._unsafe_view, aten.gelu, aten.mm]
        extern_kernels.mm(reinterpret_tensor(buf7, (4096, 256), (256, 1), 0), permute_10, out=buf8)
        del permute_10
        assert_size_stride(view_6, (4096, 64), (64, 1), 'input')
        buf9 = reinterpret_tensor(buf2, (256, 64), (64, 1), 0); del buf2  # reuse
        # Topologically Sorted Source Nodes: [view_12, convert_element_type_38, linear_2, gelu, mul_15, mul_16, sub_4, mul_17, add_10, mul_18, mul_19, mul_20, add_11, mul_21, convert_element_type_40, view_13, permute_11, mm_4], Original ATen: [aten.view, aten.gelu_backward, aten._unsafe_view, aten.gelu, aten.t, aten.mm]
        extern_kernels.mm(reinterpret_tensor(buf7, (256, 4096), (1, 256), 0), view_6, out=buf9)
        del view_6
        buf10 = empty_strided_cpu((1, 256), (256, 1), torch.bfloat16)
        buf12 = empty_strided_cpu((256, ), (1, ), torch.float32)
        assert_size_stride_grouped((primals_7, primals_1, addmm, getitem_10, rsqrt_1), ((64, ), (8, 512, 64), (4096, 64), (8, 512, 1), (8, 512, 1)), ((1, ), (32768, 64, 1), (64, 1), (512, 1, 1), (512, 1, 1)), 'input')
        buf13 = empty_strided_cpu((8, 512, 1), (512, 1, 4096), torch.float32)
        buf14 = empty_strided_cpu((8, 512, 1), (512, 1, 4096), torch.float32)
        buf17 = empty_strided_cpu((8, 512, 64), (32768, 64, 1), torch.float32)
        buf11 = empty_strided_cpu((256, 64), (64, 1), torch.float32)
        buf18 = empty_strided_cpu((4096, 64), (64, 1), torch.bfloat16)
        assert_size_stride(permute_14, (64, 64), (64, 1), 'input')
        cpp_fused__to_copy__unsafe_view_add_gelu_gelu_backward_native_layer_norm_native_layer_norm_backward_sum_view_2(buf7, buf8, primals_7, primals_1, addmm, getitem_10, rsqrt_1, tangents_1, buf9, buf10, buf12, buf13, buf14, buf17, buf11, buf18)
        del buf10
        del buf7
        del buf9
        del primals_7
        del tangents_1
        buf19 = empty_strided_cpu((4096, 64), (64, 1), torch.bfloat16)
        # Topologically Sorted Source Nodes: [mm_5], Original ATen: [aten.mm]
        extern_kernels.mm(buf18, permute_14, out=buf19)
        del permute_14
        assert_size_stride_grouped((convert_element_type_12, convert_element_type_11, convert_element_type_10, getitem_7, where_1), ((8, 16, 256, 4), (8, 16, 512, 4), (8, 16, 512, 4), (8, 16, 256, 4), (256, 512)), ((16384, 4, 64, 1), (32768, 4, 64, 1), (32768, 4, 64, 1), (16384, 4, 64, 1), (512, 1)), 'input')
        # Topologically Sorted Source Nodes: [view_18, view_19, permute_18, slice_6, _scaled_dot_product_flash_attention_for_cpu_backward], Original ATen: [aten.view, aten.transpose, aten.slice, aten._scaled_dot_product_flash_attention_for_cpu_backward]
        buf25 = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default(reinterpret_tensor(buf19, (8, 16, 256, 4), (32768, 4, 64, 1), 16384), convert_element_type_12, convert_element_type_11, convert_element_type_10, getitem_7, buf24, 0.0, False, attn_mask=where_1, scale=1.0)
        del buf24
        del convert_element_type_10
        del convert_element_type_11
        del convert_element_type_12
        del getitem_7
        del where_1
        assert_size_stride_grouped((convert_element_type_9, convert_element_type_8, convert_element_type_7, getitem_5, where), ((8, 16, 256, 4), (8, 16, 256, 4), (8, 16, 256, 4), (8, 16, 256, 4), (256, 256)), ((16384, 4, 64, 1), (16384, 4, 64, 1), (16384, 4, 64, 1), (16384, 4, 64, 1), (256, 1)), 'input')
        # Topologically Sorted Source Nodes: [view_18, view_19, permute_18, slice_5, _scaled_dot_product_flash_attention_for_cpu_backward_1], Original ATen: [aten.view, aten.transpose, aten.slice, aten._scaled_dot_product_flash_attention_for_cpu_backward]
        buf30 = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default(reinterpret_tensor(buf19, (8, 16, 256, 4), (32768, 4, 64, 1), 0), convert_element_type_9, convert_element_type_8, convert_element_type_7, getitem_5, buf29, 0.0, False, attn_mask=where, scale=1.0)
        del buf19
        del buf29
        del convert_element_type_7
        del convert_element_type_8
        del convert_element_type_9
        del getitem_5
        del where
        assert_size_stride(view_4, (4096, 64), (64, 1), 'input')
        buf20 = empty_strided_cpu((64, 64), (64, 1), torch.bfloat16)
        # Topologically Sorted Source Nodes: [permute_15, mm_6], Original ATen: [aten.t, aten.mm]
        extern_kernels.mm(reinterpret_tensor(buf18, (64, 4096), (1, 64), 0), view_4, out=buf20)
        del view_4
        buf21 = buf3; del buf3  # reuse
        buf23 = empty_strided_cpu((64, ), (1, ), torch.float32)
        cpp_fused__to_copy_sum_view_3(buf18, buf21, buf23)
        del buf21
        buf26 = buf25[0]
        assert_tensor_metadata(buf26, (8, 16, 256, 4), (16384, 4, 64, 1), torch.bfloat16, 'torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default')
        # buffer buf26 (op: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default) is assumed to be not aligned
        buf27 = buf25[1]
        assert_tensor_metadata(buf27, (8, 16, 512, 4), (32768, 4, 64, 1), torch.bfloat16, 'torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default')
        # buffer buf27 (op: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default) is assumed to be not aligned
        buf28 = buf25[2]
        assert_tensor_metadata(buf28, (8, 16, 512, 4), (32768, 4, 64, 1), torch.bfloat16, 'torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default')
        # buffer buf28 (op: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default) is assumed to be not aligned
        del buf25
        buf31 = buf30[0]
        assert_tensor_metadata(buf31, (8, 16, 256, 4), (16384, 4, 64, 1), torch.bfloat16, 'torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default')
        # buffer buf31 (op: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default) is assumed to be not aligned
        buf32 = buf30[1]
        assert_tensor_metadata(buf32, (8, 16, 256, 4), (16384, 4, 64, 1), torch.bfloat16, 'torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default')
        # buffer buf32 (op: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default) is assumed to be not aligned
        buf33 = buf30[2]
        assert_tensor_metadata(buf33, (8, 16, 256, 4), (16384, 4, 64, 1), torch.bfloat16, 'torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default')
        # buffer buf33 (op: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward.default) is assumed to be not aligned
        del buf30
        buf22 = reinterpret_tensor(buf14, (64, 64), (64, 1), 0); del buf14  # reuse
        buf37 = empty_strided_cpu((24, 16, 512, 4), (32768, 2048, 4, 1), torch.bfloat16)
        buf34 = reinterpret_tensor(buf37, (8, 16, 512, 4), (32768, 2048, 4, 1), 0)  # alias
        buf35 = reinterpret_tensor(buf37, (8, 16, 512, 4), (32768, 2048, 4, 1), 262144)  # alias
        buf36 = reinterpret_tensor(buf37, (8, 16, 512, 4), (32768, 2048, 4, 1), 524288)  # alias
        buf38 = empty_strided_cpu((4096, 192), (192, 1), torch.bfloat16)
        assert_size_stride(permute_22, (192, 64), (64, 1), 'input')
        cpp_fused__to_copy__unsafe_view_add_clone_permute_slice_backward_stack_view_4(buf20, buf26, buf31, buf27, buf32, buf28, buf33, buf37, buf22, buf34, buf35, buf36, buf38)
        del buf20
        del buf26
        del buf27
        del buf28
        del buf31
        del buf32
        del buf33
        del buf34
        del buf35
        del buf36
        del buf37
        buf40 = buf18; del buf18  # reuse
        # Topologically Sorted Source Nodes: [mm_8], Original ATen: [aten.mm]
        extern_kernels.mm(buf38, permute_22, out=buf40)
        del permute_22
        assert_size_stride_grouped((getitem_1, rsqrt), ((8, 512, 1), (8, 512, 1)), ((512, 1, 1), (512, 1, 1)), 'input')
        buf15 = empty_strided_cpu((64, ), (1, ), torch.float32)
        buf44 = empty_strided_cpu((64, ), (1, ), torch.float32)
        buf16 = empty_strided_cpu((64, ), (1, ), torch.float32)
        buf45 = empty_strided_cpu((64, ), (1, ), torch.float32)
        assert_size_stride(primals_2, (64, ), (1, ), 'input')
        buf42 = buf13; del buf13  # reuse
        buf43 = empty_strided_cpu((8, 512, 1), (512, 1, 4096), torch.float32)
        buf46 = buf17; del buf17  # reuse
        assert_size_stride(view, (4096, 64), (64, 1), 'input')
        cpp_fused__to_copy__unsafe_view_add_native_layer_norm_native_layer_norm_backward_view_5(buf46, buf8, primals_1, addmm, getitem_10, rsqrt_1, buf40, getitem_1, rsqrt, primals_2, buf15, buf44, buf16, buf45, buf42, buf43)
        del addmm
        del buf40
        del buf42
        del buf43
        del buf8
        del getitem_1
        del getitem_10
        del primals_1
        del primals_2
        del rsqrt
        del rsqrt_1
        buf39 = empty_strided_cpu((192, 64), (64, 1), torch.bfloat16)
        # Topologically Sorted Source Nodes: [permute_20, mm_7], Original ATen: [aten.t, aten.mm]
        extern_kernels.mm(reinterpret_tensor(buf38, (192, 4096), (1, 192), 0), view, out=buf39)
        del buf38
        del view
        buf41 = empty_strided_cpu((192, 64), (64, 1), torch.float32)
        cpp_fused__to_copy_6(buf39, buf41)
        return (buf46, buf44, buf45, buf41, buf22, buf23, buf15, buf16, buf11, buf12, buf4, buf5, )

runner = Runner(partitions=[])
call = runner.call
recursively_apply_fns = runner.recursively_apply_fns


def get_args():
    from torch._dynamo.testing import rand_strided
    primals_1 = rand_strided((8, 512, 64), (32768, 64, 1), device='cpu', dtype=torch.float32)
    primals_2 = rand_strided((64, ), (1, ), device='cpu', dtype=torch.float32)
    primals_7 = rand_strided((64, ), (1, ), device='cpu', dtype=torch.float32)
    getitem_1 = rand_strided((8, 512, 1), (512, 1, 1), device='cpu', dtype=torch.float32)
    rsqrt = rand_strided((8, 512, 1), (512, 1, 1), device='cpu', dtype=torch.float32)
    view = rand_strided((4096, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    convert_element_type_7 = rand_strided((8, 16, 256, 4), (16384, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    convert_element_type_8 = rand_strided((8, 16, 256, 4), (16384, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    convert_element_type_9 = rand_strided((8, 16, 256, 4), (16384, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    where = rand_strided((256, 256), (256, 1), device='cpu', dtype=torch.bfloat16)
    getitem_5 = rand_strided((8, 16, 256, 4), (16384, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    getitem_6 = rand_strided((8, 16, 256), (4096, 1, 16), device='cpu', dtype=torch.float32)
    convert_element_type_10 = rand_strided((8, 16, 512, 4), (32768, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    convert_element_type_11 = rand_strided((8, 16, 512, 4), (32768, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    convert_element_type_12 = rand_strided((8, 16, 256, 4), (16384, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    where_1 = rand_strided((256, 512), (512, 1), device='cpu', dtype=torch.bfloat16)
    getitem_7 = rand_strided((8, 16, 256, 4), (16384, 4, 64, 1), device='cpu', dtype=torch.bfloat16)
    getitem_8 = rand_strided((8, 16, 256), (4096, 1, 16), device='cpu', dtype=torch.float32)
    view_4 = rand_strided((4096, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    addmm = rand_strided((4096, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    getitem_10 = rand_strided((8, 512, 1), (512, 1, 1), device='cpu', dtype=torch.float32)
    rsqrt_1 = rand_strided((8, 512, 1), (512, 1, 1), device='cpu', dtype=torch.float32)
    view_6 = rand_strided((4096, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    addmm_1 = rand_strided((4096, 256), (256, 1), device='cpu', dtype=torch.bfloat16)
    view_8 = rand_strided((4096, 256), (256, 1), device='cpu', dtype=torch.bfloat16)
    permute_6 = rand_strided((64, 256), (256, 1), device='cpu', dtype=torch.bfloat16)
    permute_10 = rand_strided((256, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    permute_14 = rand_strided((64, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    permute_22 = rand_strided((192, 64), (64, 1), device='cpu', dtype=torch.bfloat16)
    tangents_1 = rand_strided((8, 512, 64), (32768, 64, 1), device='cpu', dtype=torch.float32)
    return [primals_1, primals_2, primals_7, getitem_1, rsqrt, view, convert_element_type_7, convert_element_type_8, convert_element_type_9, where, getitem_5, getitem_6, convert_element_type_10, convert_element_type_11, convert_element_type_12, where_1, getitem_7, getitem_8, view_4, addmm, getitem_10, rsqrt_1, view_6, addmm_1, view_8, permute_6, permute_10, permute_14, permute_22, tangents_1]


def benchmark_compiled_module(args, times=10, repeat=10):
    from torch._inductor.utils import print_performance
    fn = lambda: call(list(args))
    return print_performance(fn, times=times, repeat=repeat, device='cpu')


if __name__ == "__main__":
    from torch._inductor.wrapper_benchmark import compiled_module_main
    args = get_args()
    compiled_module_main('None', lambda times, repeat: benchmark_compiled_module(args, times=times, repeat=repeat))
